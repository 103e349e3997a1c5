"""After a promotion the model before keeps a small share of the questions, and takes over again by itself."""

from __future__ import annotations

import pytest

from src.agents.experiment_runner.policy import Policy
from src.core.messages.experiments import CandidateGated, GetExperiment, StopExperiment
from src.core.messages.models import PromoteModel, RollBackModel
from src.database.models import ExperimentRecord
from src.database.uow import Database
from tests.support.laboratory import Laboratory


def promoted(laboratory: Laboratory) -> tuple[str, str, ExperimentRecord]:
    """The model before, the promoted one, and the watch."""
    model_id = laboratory.candidate("gated")
    before = laboratory.live().id
    laboratory.ask(PromoteModel(model_id=model_id))
    watch = laboratory.running()
    assert watch is not None
    return before, model_id, watch


def test_a_damage_is_undone_without_anybody(laboratory: Laboratory) -> None:
    before, model_id, watch = promoted(laboratory)
    laboratory.poll(200, better=0.75, chunk=5)
    assert laboratory.experiment(watch.id).decision == "return"
    assert (laboratory.live().id, laboratory.model(model_id).state) == (before, "retired")
    (event,) = laboratory.events("model.rolled-back.v1")
    assert (event.payload["model_id"], event.payload["to_id"]) == (model_id, before)
    assert event.payload["reason"].startswith("Returned to the version before")
    assert laboratory.running() is None, "there was no model before the first"


def test_a_doubt_widens_the_watch_and_health_narrows_it(laboratory: Laboratory) -> None:
    _, _, watch = promoted(laboratory)
    assert watch.share == 0.2
    laboratory.poll(50, better=0.62, seed=2, chunk=5)
    doubted = laboratory.experiment(watch.id)
    assert (doubted.state, doubted.share) == ("running", 1.0)
    assert doubted.looks[-1]["decision"] == "suspicious"
    laboratory.poll(200, better=0.3, seed=3, chunk=5)
    healthy = laboratory.experiment(watch.id)
    assert (healthy.state, healthy.share) == ("running", 0.2)
    view = laboratory.ask(GetExperiment(experiment_id=watch.id))
    assert view.progress["sentence"].startswith("Healthy")


def test_a_waiting_candidate_hurries_the_watch_and_follows_it(laboratory: Laboratory) -> None:
    _, _, watch = promoted(laboratory)
    candidate = laboratory.candidate("gated")
    laboratory.deliver(CandidateGated(model_id=candidate, collection_id=laboratory.collection_id))
    assert laboratory.experiment(watch.id).share == 1.0
    laboratory.poll(100, better=0.4, chunk=5)
    ended = laboratory.experiment(watch.id)
    assert ended.decision == "superseded"
    trial = laboratory.running()
    assert trial is not None
    assert (trial.purpose, trial.treatment_id) == ("trial", candidate)


def test_a_watch_goes_on_after_a_trial_with_what_it_saw_before(laboratory: Laboratory) -> None:
    before, model_id, watch = promoted(laboratory)
    laboratory.poll(95, better=0.5, chunk=5)
    laboratory.deliver(
        CandidateGated(model_id=laboratory.candidate("gated"), collection_id=laboratory.collection_id)
    )
    laboratory.poll(5, better=0.0, seed=1, chunk=5)
    trial = laboratory.running()
    assert trial is not None
    assert trial.purpose == "trial"
    laboratory.ask(StopExperiment(experiment_id=trial.id))
    again = laboratory.running()
    assert again is not None
    assert (again.purpose, again.control_id, again.treatment_id) == ("watch", model_id, before)
    assert laboratory.ask(GetExperiment(experiment_id=again.id)).progress["votes"] == 100
    assert again.id != watch.id


def test_under_the_manual_policy_a_person_is_asked_to_return(database: Database) -> None:
    laboratory = Laboratory(database, Policy(automatic=False))
    before, model_id, watch = promoted(laboratory)
    laboratory.poll(200, better=0.75, chunk=5)
    ended = laboratory.experiment(watch.id)
    assert ended.decision == "return"
    assert ended.reason is not None
    assert ended.reason.endswith("A person is to decide: the policy is manual.")
    assert laboratory.live().id == model_id
    assert laboratory.running() is None, "what is to be decided is not asked again"
    laboratory.ask(RollBackModel(model_id=model_id))
    assert laboratory.live().id == before


def test_a_watch_that_a_person_stopped_does_not_come_back(laboratory: Laboratory) -> None:
    _, model_id, watch = promoted(laboratory)
    laboratory.ask(StopExperiment(experiment_id=watch.id))
    laboratory.deliver(CandidateGated(model_id=model_id, collection_id=laboratory.collection_id))
    assert laboratory.running() is None


@pytest.mark.parametrize("policy", [Policy(learning=False), Policy(learning=False, automatic=False)])
def test_without_learning_nothing_starts_by_itself(database: Database, policy: Policy) -> None:
    laboratory = Laboratory(database, policy)
    candidate = laboratory.candidate("gated")
    laboratory.deliver(CandidateGated(model_id=candidate, collection_id=laboratory.collection_id))
    laboratory.ask(PromoteModel(model_id=laboratory.candidate("gated")))
    assert laboratory.running() is None
