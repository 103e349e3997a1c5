"""Readers decide on a candidate of which votes cannot tell whether it is better, where none better waits."""

from __future__ import annotations

import pytest

from src.core.messages.experiments import CandidateGated, StopExperiment
from tests.support.laboratory import Laboratory

OPEN, BETTER = "open", "gated"


def passed(laboratory: Laboratory, outcome: str, *, votes: int = 0, kind: str = "linear") -> str:
    """A newer model that passes the gate now, with what the gate said of it."""
    model_id = laboratory.candidate(votes=votes, kind=kind)
    with laboratory.database.begin() as work:
        live = work.models.live(laboratory.collection_id)
        assert live is not None
        evidence = {"against_id": live.id, "outcome": outcome, "measured_on": {}}
        model = work.models.get(model_id)
        work.models.change(model, "gated", by="gate", reason="Passed.", evidence=evidence, at=work.now())
        work.commit()
    tell(laboratory, model_id)
    return model_id


def tell(laboratory: Laboratory, model_id: str) -> None:
    laboratory.deliver(CandidateGated(model_id=model_id, collection_id=laboratory.collection_id))


def tried(laboratory: Laboratory) -> str | None:
    running = laboratory.running()
    return running.treatment_id if running is not None and running.purpose == "trial" else None


def stop(laboratory: Laboratory) -> None:
    running = laboratory.running()
    assert running is not None
    laboratory.ask(StopExperiment(experiment_id=running.id))


@pytest.mark.parametrize(("better", "state"), [(0.75, "live"), (0.25, "rejected")])
def test_readers_decide_on_it(laboratory: Laboratory, better: float, state: str) -> None:
    model_id = passed(laboratory, OPEN, votes=150)
    assert tried(laboratory) == model_id
    reason = laboratory.model(model_id).reason
    assert reason is not None
    assert reason.startswith("Not clearly better offline, so readers decide. On trial against version 1.")
    laboratory.poll(130, better=better)
    assert laboratory.model(model_id).state == state


def test_it_takes_nobody_s_place_who_was_better_and_has_its_turn_afterwards(laboratory: Laboratory) -> None:
    better = passed(laboratory, BETTER, votes=100)
    case = passed(laboratory, OPEN, votes=1000)
    assert (tried(laboratory), laboratory.model(case).state) == (better, "gated")
    stop(laboratory)
    assert tried(laboratory) == case


def test_who_is_better_takes_its_place_at_once_at_the_level_that_is_left(laboratory: Laboratory) -> None:
    case = passed(laboratory, OPEN, votes=500)
    laboratory.poll(110, better=0.5)
    better = passed(laboratory, BETTER, votes=510)
    assert tried(laboratory) == better
    assert laboratory.model(case).state == "rejected"
    reason = laboratory.model(case).reason
    assert reason is not None
    assert reason.startswith(
        "Version 3 takes its place: it was better offline, as version 2 was not, and its 110 up-votes"
    )
    running = laboratory.running()
    assert running is not None
    assert running.rule["spending"][-1] < 0.035


@pytest.mark.parametrize(("votes", "taken"), [(200, True), (199, False)])
def test_one_that_knows_twice_as_much_takes_the_place_of_one_like_itself(
    laboratory: Laboratory, votes: int, taken: bool
) -> None:
    case = passed(laboratory, OPEN, votes=100)
    newer = passed(laboratory, OPEN, votes=votes)
    assert tried(laboratory) == (newer if taken else case)


def test_after_a_trial_for_nothing_the_next_one_waits_until_it_knows_twice_as_much(
    laboratory: Laboratory,
) -> None:
    first = passed(laboratory, OPEN, votes=100)
    laboratory.poll(130, better=0.25)
    assert laboratory.model(first).state == "rejected"
    alike = passed(laboratory, OPEN, votes=199)
    for _ in range(2):
        tell(laboratory, alike)
    assert tried(laboratory) is None
    assert laboratory.model(alike).reason == (
        "It waits: version 2, trained on 100 votes, was tried and was worse. The next one that is not "
        "clearly better offline is tried from 200 votes on; this one was trained on 199."
    )
    with laboratory.database.read() as work:
        changes = work.models.changes(alike)
    assert sum("waits_for" in change.evidence for change in changes) == 1, "it is said once"
    later = passed(laboratory, OPEN, votes=200)
    assert tried(laboratory) == later
    assert laboratory.model(alike).state == "rejected"


def test_one_that_is_better_waits_for_nobody(laboratory: Laboratory) -> None:
    passed(laboratory, OPEN, votes=100)
    laboratory.poll(130, better=0.25)
    better = passed(laboratory, BETTER, votes=101)
    assert tried(laboratory) == better


def test_a_newer_one_rejects_no_better_one_that_waits(laboratory: Laboratory) -> None:
    laboratory.trial(votes=90)
    older = passed(laboratory, OPEN, votes=95)
    better = passed(laboratory, BETTER, votes=100)
    newer = passed(laboratory, OPEN, votes=105)
    states = [laboratory.model(each).state for each in (older, better, newer)]
    assert states == ["rejected", "gated", "gated"]
    stop(laboratory)
    assert tried(laboratory) == better


def test_the_watch_hurries_for_one_that_is_better_only(laboratory: Laboratory) -> None:
    passed(laboratory, BETTER, votes=100)
    laboratory.poll(130, better=0.75)
    watch = laboratory.running()
    assert watch is not None
    assert (watch.purpose, watch.share) == ("watch", 0.2)
    passed(laboratory, OPEN, votes=200)
    assert laboratory.experiment(watch.id).share == 0.2
    passed(laboratory, BETTER, votes=210)
    assert laboratory.experiment(watch.id).share == 1.0
