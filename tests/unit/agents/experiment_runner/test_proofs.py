"""What the offline gate makes of its figures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from src.agents.experiment_runner.proofs import (
    Outcome,
    Proof,
    golden_proof,
    live_votes_proof,
    logged_votes_veto,
    outcome_of,
    own_votes_proof,
)
from src.services.evaluation.metrics import Floats, RankingScores


def scores(ndcg: Floats) -> RankingScores:
    return RankingScores(10, tuple(map(str, range(ndcg.size))), ndcg, ndcg, ndcg)


def shifted(change: float, n: int = 100, spread: float = 0.05) -> tuple[RankingScores, RankingScores]:
    """A live model's scores, and a candidate's that differ by ``change`` on average."""
    chance = np.random.default_rng(3)
    live = chance.uniform(0.3, 0.6, n)
    noise = chance.normal(0.0, spread, n)
    return scores(live), scores(live + change + noise - noise.mean())


def voted(
    change: float,
    questions: int = 120,
    unseen: float = 0.0,
    unseen_questions: int = 60,
    reach: float = 0.012,
) -> dict[str, Any]:
    """Figures as a training run stores them."""

    def part(questions: int, change: float) -> dict[str, Any]:
        return {
            "questions": questions,
            "change": change,
            "lower": change - reach,
            "upper": change + reach,
            "sentence": f"nDCG@10 {change:+.3f}",
        }

    return {"against_memory": {"all": part(questions, change), "unseen": part(unseen_questions, unseen)}}


@pytest.mark.parametrize(
    ("change", "passed", "proves"),
    [(0.03, True, True), (0.001, True, False), (-0.004, True, False), (-0.006, False, False)],
)
def test_a_golden_set_may_fall_by_its_margin_and_proves_a_clear_gain(
    change: float, passed: bool, proves: bool
) -> None:
    proof = golden_proof("desk", "s1", 0.005, *shifted(change))
    assert (proof.passed, proof.proves, proof.set_id) == (passed, proves, "s1")
    assert f"nDCG@10 {change:+.3f} on 100 questions" in proof.sentence
    assert proof.figures["ndcg"]["mean"] == pytest.approx(change)


@pytest.mark.parametrize(
    ("figures", "passed", "proves"),
    [
        (voted(0.02), True, True),
        (voted(-0.001), True, False),
        (voted(0.02, unseen=-0.011), True, False),
        (voted(-0.031, unseen=-0.031), True, False),
        (voted(-0.033), False, False),
        (voted(-0.05, reach=0.04), True, False),
        (voted(0.02, unseen=-0.033), False, False),
        (voted(0.02, unseen=-0.2, unseen_questions=19), True, True),
        (voted(-0.2, questions=99), None, False),
        ({}, None, False),
    ],
)
def test_own_votes_prove_a_gain_that_is_not_all_remembering_and_reject_what_is_clearly_worse(
    figures: dict[str, Any], passed: bool | None, proves: bool
) -> None:
    proof = own_votes_proof(figures)
    assert (proof.passed, proof.proves) == (passed, proves)


@pytest.mark.parametrize(
    ("change", "unseen", "passed", "proves"),
    [
        (-0.019, -0.029, True, True),
        (-0.021, 0, True, False),
        (0, -0.031, True, False),
        (-0.053, 0, False, False),
        (0, -0.053, False, False),
    ],
)
def test_a_model_that_finds_other_passages_has_an_allowance_on_votes_for_what_was_shown(
    change: float, unseen: float, passed: bool, proves: bool
) -> None:
    proof = own_votes_proof({**voted(change, unseen=unseen), "allowance": 0.02})
    assert (proof.passed, proof.proves) == (passed, proves)
    assert "with an allowance of 0.02" in proof.sentence


def test_own_votes_prove_nothing_where_another_model_than_the_default_is_live() -> None:
    proof = own_votes_proof(voted(0.02), alone=False)
    assert (proof.passed, proof.proves) == (True, False)


@pytest.mark.parametrize(
    ("change", "spread", "passed", "proves"),
    [
        (0.02, 0.05, True, True),
        (-0.009, 0.05, True, True),
        (-0.03, 0.4, True, True),
        (-0.02, 0.05, True, False),
        (-0.04, 0.05, False, False),
    ],
)
def test_a_learned_live_model_may_not_be_clearly_better_on_what_readers_said(
    change: float, spread: float, passed: bool, proves: bool
) -> None:
    live, candidate = shifted(change, spread=spread)
    proof = live_votes_proof(live, candidate, None, gained=True)
    assert (proof.passed, proof.proves) == (passed, proves)
    for gained in (None, False):
        assert not live_votes_proof(live, candidate, None, gained=gained).proves, (
            "there is no gain to begin with"
        )


def test_what_votes_cannot_say_is_allowed_for_against_the_live_model_too() -> None:
    assert live_votes_proof(*shifted(-0.05), None, gained=True, allowance=0.025).passed
    assert live_votes_proof(*shifted(-0.06), None, gained=True, allowance=0.02).passed is False


def test_the_comparison_with_the_default_is_kept_beside_that_with_the_live_model() -> None:
    live, candidate = shifted(0.01)
    default = scores(live.ndcg - 0.02)
    for proof in (
        live_votes_proof(live, candidate, default, gained=True),
        golden_proof("desk", "s1", 0.005, live, candidate, default),
    ):
        assert proof.figures["against_default"]["mean"] == pytest.approx(0.03)
        assert proof.figures["ndcg"]["mean"] == pytest.approx(0.01)
    assert (
        "against the default: nDCG@10 +0.030"
        in live_votes_proof(live, candidate, default, gained=True).sentence
    )
    assert live_votes_proof(*shifted(0.1, n=19), None, gained=True).passed is None


def test_logged_votes_veto_a_disaster_and_prove_nothing() -> None:
    assert logged_votes_veto(*shifted(-0.1)).passed is False
    for change in (-0.015, 0.05):
        proof = logged_votes_veto(*shifted(change))
        assert (proof.passed, proof.proves) == (True, False)
    assert logged_votes_veto(*shifted(-0.1, n=19)).passed is None


def test_what_the_proofs_come_to_together() -> None:
    def proof(passed: bool | None, proves: bool = False) -> Proof:
        return Proof("p", 1, passed, proves, f"It says {passed}.", {})

    assert outcome_of([proof(True, True), proof(None)])[0] is Outcome.GATED
    outcome, reason = outcome_of([proof(True, True), proof(False)])
    assert (outcome, reason) == (Outcome.REJECTED, "Worse offline. It says False.")
    outcome, reason = outcome_of([proof(True), proof(None)])
    assert outcome is Outcome.WAITING
    assert reason.startswith("Not enough data yet")


def test_where_votes_tell_neither_readers_decide_and_where_they_are_too_few_nobody_does() -> None:
    alike, scarce = own_votes_proof(voted(-0.004)), own_votes_proof(voted(-0.004, questions=99))
    golden = golden_proof("desk", "s1", 0.005, *shifted(0.001))
    outcome, reason = outcome_of([golden, alike])
    assert outcome is Outcome.OPEN
    assert reason.startswith("Not clearly better offline, and not so much worse that votes could tell:")
    assert "Readers decide, as soon as no other candidate is on trial. Golden set desk: nDCG@10" in reason
    assert outcome_of([golden, scarce])[0] is Outcome.WAITING
    strict = golden_proof("desk", "s1", 0.005, *shifted(-0.006))
    assert outcome_of([strict, alike])[0] is Outcome.REJECTED, "golden sets are as strict as ever"
    assert outcome_of([own_votes_proof(voted(0.02)), golden])[0] is Outcome.GATED


def test_every_sentence_of_a_reason_begins_with_a_capital() -> None:
    live, candidate = shifted(-0.1)
    proofs = [
        golden_proof("desk", "s1", 0.005, live, candidate),
        golden_proof("hall", "s2", 0.005, scores(np.array([])), scores(np.array([]))),
        own_votes_proof(voted(-0.1)),
        own_votes_proof({}),
        live_votes_proof(live, candidate, None, gained=True),
        logged_votes_veto(live, candidate),
    ]
    assert [proof.sentence[:11] for proof in proofs] == [
        "Golden set ",
        "Golden set ",
        "Own votes, ",
        "Own votes, ",
        "Own votes, ",
        "Logged vote",
    ]
