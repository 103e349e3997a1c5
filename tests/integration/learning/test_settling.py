"""Nothing is left in the middle: what a person, another policy or a deletion left is brought to an end."""

from __future__ import annotations

from typing import Any

import pytest

from src.agents.experiment_runner.policy import Policy
from src.core.caller import Caller
from src.core.messages.experiments import CandidateGated, StartExperiment
from src.core.messages.feedback import Decision as Review
from src.core.messages.feedback import RatingReviewed
from src.core.messages.models import PromoteModel
from src.database.models import ExperimentRecord
from src.database.uow import Database
from tests.support.laboratory import Laboratory

BY_HAND = Policy(automatic=False)


def guard(laboratory: Laboratory) -> None:
    laboratory.agent.guard(laboratory.context(Caller.agent("experiment_runner")))


def under(laboratory: Laboratory, policy: Policy) -> Laboratory:
    """The same installation, started anew with another policy."""
    other = Laboratory.__new__(Laboratory)
    other.__dict__.update(laboratory.__dict__)
    other.policy = policy
    other.serve()
    return other


def set_model(laboratory: Laboratory, model_id: str, **values: Any) -> None:
    with laboratory.database.begin() as work:
        model = work.models.get(model_id)
        for name, value in values.items():
            setattr(model, name, value)
        work.commit()


def running(laboratory: Laboratory) -> ExperimentRecord:
    found = laboratory.running()
    assert found is not None
    return found


def won_by_hand(database: Database) -> tuple[Laboratory, str]:
    """A model that won its trial and waits for a person."""
    laboratory = Laboratory(database, BY_HAND)
    model_id = laboratory.candidate("gated")
    laboratory.ask(StartExperiment(collection_id=laboratory.collection_id))
    laboratory.poll(130, better=0.75)
    assert laboratory.running() is None
    return laboratory, model_id


def test_a_winner_that_waits_for_a_person_goes_live_once_nobody_is_asked(database: Database) -> None:
    laboratory, model_id = won_by_hand(database)
    guard(laboratory)
    assert laboratory.model(model_id).state == "trial"
    guard(under(laboratory, Policy()))
    assert laboratory.live().id == model_id
    reason = laboratory.model(model_id).reason
    assert reason is not None
    assert reason.startswith("Better in its trial, and no person is asked any more. Better: ")
    assert running(laboratory).purpose == "watch"


def test_a_winner_over_what_is_live_no_more_waits_for_another_trial(database: Database) -> None:
    laboratory, model_id = won_by_hand(database)
    laboratory.ask(PromoteModel(model_id=laboratory.candidate("retired")))
    assert laboratory.model(model_id).state == "gated"


@pytest.mark.parametrize("before", ["candidate", "retired", "gated"])
def test_a_trial_that_is_cut_short_leaves_a_model_what_it_was(laboratory: Laboratory, before: str) -> None:
    model_id = laboratory.candidate(before)
    laboratory.ask(StartExperiment(collection_id=laboratory.collection_id, model_id=model_id))
    by_hand = under(laboratory, BY_HAND)
    by_hand.ask(PromoteModel(model_id=laboratory.candidate("retired")))
    assert laboratory.model(model_id).state == before


def test_a_model_that_a_person_tries_once_more_goes_back_to_what_it_was_before_both(
    database: Database,
) -> None:
    laboratory = Laboratory(database, BY_HAND)
    model_id = laboratory.candidate("retired")
    again = StartExperiment(collection_id=laboratory.collection_id, model_id=model_id)
    laboratory.ask(again)
    laboratory.poll(130, better=0.75)
    assert laboratory.model(model_id).state == "trial", "it won, and waits for a person"
    laboratory.ask(again)
    laboratory.ask(PromoteModel(model_id=laboratory.candidate("retired")))
    assert laboratory.model(model_id).state == "retired"


def test_a_return_that_waits_for_a_person_is_watched_again_once_nobody_is_asked(database: Database) -> None:
    laboratory = Laboratory(database, BY_HAND)
    model_id = laboratory.candidate("gated")
    before = laboratory.live().id
    laboratory.ask(PromoteModel(model_id=model_id))
    laboratory.poll(200, better=0.75, chunk=5)
    guard(laboratory)
    assert laboratory.running() is None
    guard(under(laboratory, Policy()))
    assert running(laboratory).purpose == "watch"
    under(laboratory, Policy()).poll(5, better=0.9, seed=9, chunk=5)
    assert laboratory.live().id == before


def test_a_promotion_while_learning_was_off_is_watched_when_it_is_on(database: Database) -> None:
    laboratory = Laboratory(database, Policy(learning=False))
    laboratory.ask(PromoteModel(model_id=laboratory.candidate("gated")))
    guard(laboratory)
    assert laboratory.running() is None
    guard(under(laboratory, Policy()))
    assert running(laboratory).purpose == "watch"


def test_a_small_doubt_does_not_hold_up_a_candidate_for_ever(laboratory: Laboratory) -> None:
    laboratory.ask(PromoteModel(model_id=laboratory.candidate("gated")))
    watch = running(laboratory)
    candidate = laboratory.candidate("gated")
    laboratory.deliver(CandidateGated(model_id=candidate, collection_id=laboratory.collection_id))
    for number in range(80):
        if running(laboratory).id == watch.id:
            laboratory.poll(5, better=0.6 if number % 2 else 0.55, seed=number, chunk=5)
            with laboratory.database.begin() as work:
                record = work.experiments.get(watch.id)
                doubt = {"at": "2026-01-01T00:00:00+00:00", "done": 0, "votes": 5, "sentence": "Suspicious."}
                if record.state == "running":
                    record.looks = [{**doubt, "decision": "suspicious"}]
                work.commit()
    guard(laboratory)
    assert laboratory.experiment(watch.id).decision in ("superseded", "return")
    assert running(laboratory).treatment_id == candidate


def test_a_watch_that_can_show_nothing_makes_room(laboratory: Laboratory) -> None:
    laboratory.ask(PromoteModel(model_id=laboratory.candidate("gated")))
    watch = running(laboratory)
    set_model(laboratory, watch.treatment_id, embedding_version="gone")
    candidate = laboratory.candidate("gated")
    laboratory.deliver(CandidateGated(model_id=candidate, collection_id=laboratory.collection_id))
    assert laboratory.experiment(watch.id).reason == (
        "It made room for version 3, which is tried next. It saw no votes."
    )
    assert running(laboratory).treatment_id == candidate


@pytest.mark.parametrize("purpose", ["trial", "watch"])
def test_readers_are_not_shown_what_is_to_be_forgotten(laboratory: Laboratory, purpose: str) -> None:
    if purpose == "trial":
        model_id, experiment_id = laboratory.trial()
    else:
        first = laboratory.candidate("gated")
        laboratory.ask(PromoteModel(model_id=first))
        laboratory.ask(PromoteModel(model_id=laboratory.candidate("gated")))
        model_id, experiment_id = first, running(laboratory).id
    set_model(laboratory, model_id, card={"must_forget": 3})
    guard(laboratory)
    ended = laboratory.experiment(experiment_id)
    assert ended.decision == "superseded"
    assert ended.reason is not None
    assert ended.reason.endswith("learned from 3 votes that were deleted with a user or a document.")
    assert laboratory.model(model_id).state == ("rejected" if purpose == "trial" else "retired")


def test_a_winner_whose_index_is_gone_waits_for_it_and_the_vote_is_kept(laboratory: Laboratory) -> None:
    model_id, experiment_id = laboratory.trial()
    laboratory.indexed()
    set_model(laboratory, model_id, embedding_version="gone")
    laboratory.poll(130, better=0.75)
    trial = laboratory.experiment(experiment_id)
    assert trial.decision == "promote"
    assert laboratory.model(model_id).state == "candidate"
    reason = laboratory.model(model_id).reason
    assert reason is not None
    assert reason.startswith("Better, but it cannot go live: ")


def test_a_look_of_the_watch_is_noted_once_however_often_it_is_taken(laboratory: Laboratory) -> None:
    laboratory.ask(PromoteModel(model_id=laboratory.candidate("gated")))
    watch = running(laboratory)
    laboratory.poll(70, better=0.5, chunk=5)
    given = laboratory.rating((1, 2), reader=laboratory.readers[0], question="a")
    laboratory.deliver(given)
    laboratory.poll(4, better=0.5, seed=1, chunk=4)
    noted = laboratory.experiment(watch.id).looks
    assert noted[-1]["votes"] == 75
    for _ in range(3):
        laboratory.deliver(RatingReviewed(**given.model_dump(), decision=Review.RELEASE, by="ada"))
    assert laboratory.experiment(watch.id).looks == noted


def test_a_collection_that_is_gone_does_not_keep_others_from_being_guarded(laboratory: Laboratory) -> None:
    laboratory.trial()
    with laboratory.database.begin() as work:
        work.collections.delete(work.collections.get(laboratory.collection_id))
        work.commit()
    guard(laboratory)


def test_a_winner_whose_index_is_gone_waits_for_it_and_holds_nobody_up(database: Database) -> None:
    laboratory, model_id = won_by_hand(database)
    laboratory.indexed()
    set_model(laboratory, model_id, embedding_version="tuned")
    laboratory = under(laboratory, Policy())
    guard(laboratory)
    assert laboratory.live().kind == "default"
    waiting = laboratory.model(model_id)
    assert waiting.state == "candidate"
    assert (waiting.reason or "").startswith("Better, but it cannot go live: ")


def test_what_is_to_be_forgotten_gives_way_to_the_newest_that_has_an_index(laboratory: Laboratory) -> None:
    laboratory.indexed()
    older, newest = laboratory.candidate("gated"), laboratory.candidate("gated")
    set_model(laboratory, newest, embedding_version="tuned")
    live = laboratory.live().id
    set_model(laboratory, live, card={"must_forget": 2})
    guard(laboratory)
    assert laboratory.live().id == older
    assert laboratory.model(live).state == "retired"
