"""Candidates come to the gate again when there is a reason to, and none is left waiting for nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from src.agents.experiment_runner.policy import Policy
from src.core.caller import Caller
from src.core.messages.experiments import CandidateGated
from src.core.messages.golden import AddGoldenSet, GoldenJudgment, GoldenQuestion
from src.core.messages.indexes import RebuildIndexesJob
from src.core.messages.models import CandidateTrained, PromoteModel, RollBackModel
from src.database.models import JobRecord
from src.database.uow import Database
from tests.support.laboratory import Laboratory


def look(laboratory: Laboratory) -> None:
    laboratory.agent.prove_again(laboratory.context(Caller.agent("experiment_runner")))


def answered(
    laboratory: Laboratory, state: str, *, golden: int = 0, rated: int = 0, against: str = ""
) -> str:
    """A new model on which the gate has answered."""
    model_id = laboratory.candidate()
    answer(laboratory, model_id, state, golden=golden, rated=rated, against=against)
    return model_id


def answer(
    laboratory: Laboratory, model_id: str, state: str, *, golden: int = 0, rated: int = 0, against: str = ""
) -> None:
    evidence = {
        "job_id": "j",
        "against_id": against or laboratory.live().id,
        "measured_on": {"golden": golden, "rated": rated},
        "outcome": "not_enough_data" if state == "candidate" else "gated",
    }
    with laboratory.database.begin() as work:
        model = work.models.get(model_id)
        work.models.change(model, state, by="agent", reason="Measured.", evidence=evidence, at=work.now())
        work.commit()


def ended(laboratory: Laboratory, job: JobRecord, state: str, minutes_ago: int) -> None:
    """Have the attempt ended so long ago."""
    with laboratory.database.begin() as work:
        record = work.jobs.get(job.id)
        record.state, record.finished_at = state, work.now() - timedelta(minutes=minutes_ago)
        record.error_detail = "The vector store cannot be reached."
        work.commit()


def builds(laboratory: Laboratory) -> list[JobRecord]:
    """The attempts to build an index, in order."""
    with laboratory.database.read() as work:
        query = select(JobRecord).where(JobRecord.kind == RebuildIndexesJob.kind)
        return list(work.session.scalars(query.order_by(JobRecord.id)))


def without_index(laboratory: Laboratory, minutes_ago: int) -> str:
    """A candidate that ranks an index of its own, which is not there."""
    with laboratory.database.read() as reading:
        indexed = reading.indexes.live(laboratory.collection_id) is not None
    if not indexed:
        laboratory.indexed()
    model_id = laboratory.candidate()
    with laboratory.database.begin() as work:
        model = work.models.get(model_id)
        model.embedding_version = "tuned"
        model.created_at = model.changed_at = work.now() - timedelta(minutes=minutes_ago)
        work.commit()
    return model_id


def test_an_index_that_could_not_be_built_is_built_again_for_its_candidate(laboratory: Laboratory) -> None:
    model_id = without_index(laboratory, minutes_ago=5)
    look(laboratory)
    assert builds(laboratory) == [], "what made the candidate has its index built"
    model_id = without_index(laboratory, minutes_ago=5000)
    look(laboratory)
    look(laboratory)
    (first,) = builds(laboratory)
    assert (first.payload["embedding_version"], first.payload["switch"]) == ("tuned", False)
    ended(laboratory, first, "failed", minutes_ago=20)
    look(laboratory)
    assert len(builds(laboratory)) == 1, "half an hour lies between two attempts"
    ended(laboratory, first, "failed", minutes_ago=31)
    for attempts in range(2, 7):
        look(laboratory)
        assert len(builds(laboratory)) == attempts
        ended(laboratory, builds(laboratory)[-1], "failed", minutes_ago=3000)
    look(laboratory)
    assert len(builds(laboratory)) == 6
    assert laboratory.model(model_id).state == "rejected"
    assert laboratory.model(model_id).reason == (
        "Its index could not be built in 6 attempts: The vector store cannot be reached."
    )
    assert laboratory.gate_jobs(model_id) == []


def test_an_index_whose_building_was_cancelled_is_left_alone(laboratory: Laboratory) -> None:
    model_id = without_index(laboratory, minutes_ago=5000)
    look(laboratory)
    (job,) = builds(laboratory)
    ended(laboratory, job, "cancelled", minutes_ago=3000)
    look(laboratory)
    assert (len(builds(laboratory)), laboratory.model(model_id).state) == (1, "candidate")


def golden(laboratory: Laboratory) -> None:
    question = GoldenQuestion(question="Where?", judgments=(GoldenJudgment(external_id="a"),))
    laboratory.ask(
        AddGoldenSet(collection_id=laboratory.collection_id, name="desk", margin=0.005, questions=(question,))
    )


def test_a_gated_model_is_compared_with_what_went_live_before_it_is_tried(laboratory: Laboratory) -> None:
    older, waits = (answered(laboratory, "gated") for _ in range(2))
    laboratory.ask(PromoteModel(model_id=laboratory.candidate("retired")))
    running = laboratory.running()
    assert running is not None
    assert running.purpose == "watch", "not a trial on the evidence of another comparison"
    assert (laboratory.model(waits).state, len(laboratory.gate_jobs(waits))) == ("candidate", 1)
    assert laboratory.model(waits).reason == (
        "Version 4 went live since it passed the gate: it has to beat that one now."
    )
    assert (laboratory.model(older).state, laboratory.gate_jobs(older)) == ("rejected", [])
    look(laboratory)
    laboratory.deliver(
        CandidateTrained(model_id=waits, collection_id=laboratory.collection_id, run_id="r"), "told again"
    )
    assert len(laboratory.gate_jobs(waits)) == 1, "it is on its way"
    answer(laboratory, waits, "gated")
    laboratory.deliver(CandidateGated(model_id=waits, collection_id=laboratory.collection_id))
    assert laboratory.model(waits).state == "gated", "now it only waits for the watch"


def test_a_model_whose_trial_lost_its_control_is_compared_again(laboratory: Laboratory) -> None:
    model_id = answered(laboratory, "gated")
    laboratory.deliver(CandidateGated(model_id=model_id, collection_id=laboratory.collection_id))
    assert laboratory.model(model_id).state == "trial"
    live = laboratory.live().id
    other = laboratory.candidate("retired")
    laboratory.ask(PromoteModel(model_id=other))
    assert (laboratory.model(model_id).state, len(laboratory.gate_jobs(model_id))) == ("candidate", 1)
    answer(laboratory, model_id, "gated")
    laboratory.ask(RollBackModel(model_id=other))
    assert (laboratory.live().id, len(laboratory.gate_jobs(model_id))) == (live, 2)


def test_under_the_manual_policy_it_is_compared_again_as_well(database: Database) -> None:
    laboratory = Laboratory(database, Policy(automatic=False))
    waits = answered(laboratory, "gated")
    laboratory.ask(PromoteModel(model_id=laboratory.candidate("retired")))
    assert (laboratory.model(waits).state, len(laboratory.gate_jobs(waits))) == ("candidate", 1)


def test_new_golden_questions_bring_a_candidate_back_once(laboratory: Laboratory) -> None:
    model_id = answered(laboratory, "candidate")
    look(laboratory)
    assert laboratory.gate_jobs(model_id) == []
    golden(laboratory)
    for _ in range(2):
        look(laboratory)
        assert len(laboratory.gate_jobs(model_id)) == 1
    ended(laboratory, laboratory.gate_jobs(model_id)[0], "succeeded", 0)
    answer(laboratory, model_id, "candidate", golden=1)
    look(laboratory)
    assert len(laboratory.gate_jobs(model_id)) == 1


def test_many_more_rated_questions_bring_a_candidate_back(laboratory: Laboratory) -> None:
    laboratory.trial()
    model_id = answered(laboratory, "candidate", rated=50)
    for number in range(75):
        laboratory.rating((1, 2), reader=laboratory.readers[0], question=f"q{number}")
        if number == 73:
            look(laboratory)
            assert laboratory.gate_jobs(model_id) == []
    look(laboratory)
    assert len(laboratory.gate_jobs(model_id)) == 1


def test_another_live_model_brings_a_candidate_back(laboratory: Laboratory) -> None:
    model_id = answered(laboratory, "candidate", against="another")
    look(laboratory)
    assert len(laboratory.gate_jobs(model_id)) == 1


def test_a_newer_candidate_takes_the_place_of_one_that_waits_for_more_data(laboratory: Laboratory) -> None:
    older, newer = (answered(laboratory, "candidate") for _ in range(2))
    unproved = laboratory.candidate()
    look(laboratory)
    assert [laboratory.model(one).state for one in (older, newer, unproved)] == [
        "rejected",
        "candidate",
        "candidate",
    ]
    assert laboratory.model(older).reason == ("Version 3, trained later, waits for more data in its place.")


def test_a_later_one_that_passed_takes_the_place_of_one_that_waits_for_more_data(
    laboratory: Laboratory,
) -> None:
    laboratory.candidate("gated")
    waiting = answered(laboratory, "candidate")
    look(laboratory)
    assert laboratory.model(waiting).state == "candidate", "what passed was trained before it"
    answered(laboratory, "gated")
    look(laboratory)
    assert laboratory.model(waiting).state == "rejected"
    assert laboratory.model(waiting).reason == (
        "Version 4, trained later, passed the gate while it waited for more data."
    )


@pytest.mark.parametrize(("state", "tried"), [("failed", True), ("cancelled", False)])
def test_a_failed_attempt_is_told_and_repeated_and_a_cancelled_one_is_not(
    laboratory: Laboratory, state: str, tried: bool
) -> None:
    model_id = laboratory.candidate()
    laboratory.deliver(
        CandidateTrained(model_id=model_id, collection_id=laboratory.collection_id, run_id="r")
    )
    (job,) = laboratory.gate_jobs(model_id)
    ended(laboratory, job, state, 29)
    look(laboratory)
    assert len(laboratory.gate_jobs(model_id)) == 1
    ended(laboratory, job, state, 31)
    look(laboratory)
    assert len(laboratory.gate_jobs(model_id)) == (2 if tried else 1)
    reason = laboratory.model(model_id).reason
    assert reason is not None
    assert reason.endswith("The vector store cannot be reached.") is tried


def test_a_candidate_that_can_never_be_measured_is_rejected_in_the_end(laboratory: Laboratory) -> None:
    model_id = laboratory.candidate()
    laboratory.deliver(
        CandidateTrained(model_id=model_id, collection_id=laboratory.collection_id, run_id="r")
    )
    for attempt in range(1, 7):
        jobs = laboratory.gate_jobs(model_id)
        assert len(jobs) == attempt
        ended(laboratory, jobs[-1], "failed", 30 * 2**attempt)
        look(laboratory)
    assert laboratory.model(model_id).state == "rejected"
    reason = laboratory.model(model_id).reason
    assert reason is not None
    assert reason.startswith("The gate could not measure it in 6 attempts: The vector store")


def test_a_candidate_that_nobody_was_told_of_comes_to_the_gate(laboratory: Laboratory) -> None:
    model_id = laboratory.candidate()
    look(laboratory)
    assert laboratory.gate_jobs(model_id) == [], "it may be on its way"
    with laboratory.database.begin() as work:
        work.models.get(model_id).created_at -= timedelta(minutes=11)
        work.commit()
    look(laboratory)
    assert len(laboratory.gate_jobs(model_id)) == 1
