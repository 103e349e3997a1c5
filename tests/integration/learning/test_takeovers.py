"""A newer candidate that knows much more takes the place of the one on trial, at the level that is left."""

from __future__ import annotations

import pytest

from src.core.clock import new_id
from src.core.messages.experiments import CandidateGated, StartExperiment, StopExperiment
from src.database.models import EvaluationRecord, GoldenSetRecord
from tests.support.laboratory import Laboratory


def gated(laboratory: Laboratory, *, votes: int = 0, kind: str = "linear") -> str:
    """A newer model that passes the gate now."""
    model_id = laboratory.candidate("gated", votes=votes, kind=kind)
    tell(laboratory, model_id)
    return model_id


def tell(laboratory: Laboratory, model_id: str) -> None:
    laboratory.deliver(CandidateGated(model_id=model_id, collection_id=laboratory.collection_id))


def tried(laboratory: Laboratory) -> str:
    running = laboratory.running()
    assert running is not None
    assert running.purpose == "trial"
    return running.treatment_id


def measured(laboratory: Laboratory, model_id: str, name: str, mean: float, reach: float = 0.01) -> None:
    """What the gate found on a golden set, against the live model."""
    with laboratory.database.begin() as work:
        golden = work.golden_sets.named(laboratory.collection_id, name)
        if golden is None:
            golden = work.golden_sets.add(
                GoldenSetRecord(
                    id=new_id(),
                    collection_id=laboratory.collection_id,
                    name=name,
                    origin="imported",
                    margin=0.005,
                    created_at=work.now(),
                )
            )
            work.session.flush()
        work.session.add(
            EvaluationRecord(
                id=new_id(),
                model_id=model_id,
                against_id=laboratory.live().id,
                set_id=golden.id,
                name=f"golden set {name}",
                questions=50,
                figures={"ndcg": {"mean": mean, "lower": mean - reach, "upper": mean + reach}},
                passed=True,
                at=work.now(),
            )
        )
        work.commit()


@pytest.mark.parametrize(("votes", "taken"), [(200, True), (199, False), (0, False)])
def test_a_model_that_was_trained_on_twice_the_votes_takes_over(
    laboratory: Laboratory, votes: int, taken: bool
) -> None:
    model_id, experiment_id = laboratory.trial(votes=100)
    laboratory.poll(30, better=0.75)
    newer = gated(laboratory, votes=votes)
    assert tried(laboratory) == (newer if taken else model_id)
    ended = laboratory.experiment(experiment_id)
    assert ended.decision == ("superseded" if taken else None)
    assert laboratory.model(model_id).state == ("rejected" if taken else "trial")
    assert laboratory.model(newer).state == ("trial" if taken else "gated")
    if taken:
        assert ended.reason == laboratory.model(model_id).reason
        assert ended.reason == (
            "Version 3 takes its place: it was trained on 200 votes, version 2 on 100, and its 30 up-votes "
            "so far are not enough data to decide on version 2."
        )
    tell(laboratory, newer)
    assert tried(laboratory) == (newer if taken else model_id), "once, however often it is told"


def test_a_look_that_decides_nothing_lets_it_in_and_its_level_is_spent(laboratory: Laboratory) -> None:
    _, first = laboratory.trial(votes=100)
    laboratory.poll(80, better=0.65, seed=2)
    newer = gated(laboratory, votes=400)
    held = laboratory.running()
    assert held is not None
    assert held.id == first, "it is ahead and about to be looked at"
    laboratory.poll(40, better=0.4, seed=4)
    (look,) = laboratory.experiment(first).looks
    assert look["decision"] == "not_enough_data"
    assert laboratory.experiment(first).decision == "superseded"
    assert tried(laboratory) == newer
    running = laboratory.running()
    assert running is not None
    before, now = laboratory.experiment(first).rule, running.rule
    assert now["spending"][-1] == pytest.approx(before["spending"][-1] - before["spending"][0])
    assert all(more > usual for more, usual in zip(now["critical"], before["critical"], strict=True))


def test_most_of_the_level_is_spent_at_the_third_look_and_nobody_takes_over_any_more(
    laboratory: Laboratory,
) -> None:
    model_id, _ = laboratory.trial(votes=100)
    laboratory.poll(536, better=0.5, chunk=67)
    gated(laboratory, votes=1000)
    assert tried(laboratory) == model_id


def test_a_model_that_is_clearly_better_offline_takes_over(laboratory: Laboratory) -> None:
    model_id, _ = laboratory.trial(votes=100)
    measured(laboratory, model_id, "desk", 0.02)
    measured(laboratory, model_id, "hall", 0.01)
    alike = laboratory.candidate("gated", votes=150)
    measured(laboratory, alike, "desk", 0.035)
    tell(laboratory, alike)
    assert tried(laboratory) == model_id, "the intervals meet"
    torn = laboratory.candidate("gated", votes=150)
    measured(laboratory, torn, "desk", 0.2)
    measured(laboratory, torn, "hall", 0.0)
    tell(laboratory, torn)
    assert tried(laboratory) == model_id, "it is behind on another set"
    better = laboratory.candidate("gated", votes=150)
    measured(laboratory, better, "desk", 0.05)
    tell(laboratory, better)
    assert tried(laboratory) == better
    reason = laboratory.model(model_id).reason
    assert reason is not None
    assert "it is clearly better on golden set desk (+0.050 against +0.020 nDCG@10)" in reason


def test_a_trial_that_a_person_asked_for_is_left_alone(laboratory: Laboratory) -> None:
    model_id = laboratory.candidate(votes=100)
    laboratory.ask(StartExperiment(collection_id=laboratory.collection_id, model_id=model_id))
    gated(laboratory, votes=1000)
    assert tried(laboratory) == model_id


def test_a_ranker_replaces_no_tuned_embedding_model_that_waits_or_is_tried(laboratory: Laboratory) -> None:
    first, _ = laboratory.trial(votes=100)
    laboratory.poll(10, better=0.5)
    tuned = gated(laboratory, votes=120, kind="embedding")
    ranker = gated(laboratory, votes=130)
    assert [laboratory.model(each).state for each in (first, tuned, ranker)] == ["trial", "gated", "gated"]
    running = laboratory.running()
    assert running is not None
    laboratory.ask(StopExperiment(experiment_id=running.id))
    assert tried(laboratory) == tuned, "it comes before what was trained after it"
    laboratory.poll(10, better=0.5, seed=1)
    gated(laboratory, votes=1000)
    assert tried(laboratory) == tuned
