"""A trial that makes things worse is stopped before its votes could say so."""

from __future__ import annotations

import pytest

from src.core.caller import Caller
from src.core.clock import new_id
from src.core.messages.questions import Search
from src.database.models import ActivityLine
from tests.support.laboratory import Laboratory


def searches(laboratory: Laboratory, count: int, took_ms: float, experiment_id: str | None = None) -> None:
    """Searches of all readers, each for a question of its own."""
    with laboratory.database.begin() as work:
        for number in range(count):
            work.searching.keep(
                id=new_id(),
                user_id=laboratory.readers[number % len(laboratory.readers)].user_id,
                query=f"question {number}",
                request={},
                collection_ids=[laboratory.collection_id],
                hits=[],
                index_version="",
                models={},
                experiment_id=experiment_id,
                took_ms={"total": took_ms},
                at=work.now(),
            )
        work.commit()


def requests(laboratory: Laboratory, count: int, outcome: str, caller: str = "ada") -> None:
    with laboratory.database.begin() as work:
        for _ in range(count):
            work.session.add(
                ActivityLine(
                    id=new_id(),
                    capability=Search.capability,
                    agent="retrieval",
                    caller=caller,
                    at=work.now(),
                    duration_ms=10.0,
                    outcome=outcome,
                    correlation_id=new_id(),
                )
            )
        work.commit()


def guard(laboratory: Laboratory) -> None:
    laboratory.agent.guard(laboratory.context(Caller.agent("experiment_runner")))


def vote(laboratory: Laboratory, count: int, ranks: tuple[int, int], verdict: str) -> None:
    for number in range(count):
        reader = laboratory.readers[number % len(laboratory.readers)]
        question = f"{verdict} {ranks} {number}"
        laboratory.deliver(laboratory.rating(ranks, reader=reader, question=question, verdict=verdict))


def test_down_votes_on_what_the_candidate_lifts_stop_the_trial(laboratory: Laboratory) -> None:
    model_id, experiment_id = laboratory.trial()
    vote(laboratory, 30, (1, 4), "up")
    vote(laboratory, 30, (4, 1), "down")
    guard(laboratory)
    ended = laboratory.experiment(experiment_id)
    assert ended.decision == "stopped"
    assert ended.reason is not None
    assert ended.reason.startswith("Stopped: down-votes 100.0% (30 of 30) against 0.0% (0 of 30)")
    assert laboratory.model(model_id).state == "rejected"


@pytest.mark.parametrize(("took_ms", "state"), [(2000.0, "ended"), (400.0, "running")])
def test_slow_searches_stop_a_trial_where_a_reader_notices(
    laboratory: Laboratory, took_ms: float, state: str
) -> None:
    searches(laboratory, 40, 20.0)
    _, experiment_id = laboratory.trial()
    searches(laboratory, 60, took_ms, experiment_id)
    guard(laboratory)
    assert laboratory.experiment(experiment_id).state == state


def test_failing_searches_of_people_stop_a_trial(laboratory: Laboratory) -> None:
    requests(laboratory, 60, "ok")
    _, experiment_id = laboratory.trial()
    requests(laboratory, 60, "internal", caller="agent:experiment_runner")
    requests(laboratory, 40, "ok")
    guard(laboratory)
    assert laboratory.experiment(experiment_id).state == "running"
    requests(laboratory, 40, "internal")
    guard(laboratory)
    ended = laboratory.experiment(experiment_id)
    assert (ended.state, ended.decision) == ("ended", "stopped")
    assert ended.reason is not None
    assert ended.reason.startswith("Stopped: errors")


def test_a_healthy_trial_goes_on(laboratory: Laboratory) -> None:
    searches(laboratory, 40, 20.0)
    _, experiment_id = laboratory.trial()
    searches(laboratory, 60, 25.0, experiment_id)
    vote(laboratory, 12, (1, 4), "down")
    vote(laboratory, 12, (4, 1), "down")
    guard(laboratory)
    assert laboratory.experiment(experiment_id).state == "running"


def test_a_candidate_that_waits_for_no_reason_is_tried(laboratory: Laboratory) -> None:
    model_id = laboratory.candidate("gated")
    guard(laboratory)
    running = laboratory.running()
    assert running is not None
    assert running.treatment_id == model_id
