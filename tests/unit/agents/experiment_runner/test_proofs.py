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
    change: float, questions: int = 120, unseen: float = 0.0, unseen_questions: int = 60
) -> dict[str, Any]:
    """Figures as a training run stores them."""
    return {
        "against_memory": {
            "all": {"questions": questions, "change": change, "sentence": f"nDCG@10 {change:+.3f}"},
            "unseen": {"questions": unseen_questions, "change": unseen, "sentence": f"nDCG@10 {unseen:+.3f}"},
        }
    }


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
    ("figures", "passed"),
    [
        (voted(0.02), True),
        (voted(-0.001), False),
        (voted(0.02, unseen=-0.011), False),
        (voted(0.02, unseen=-0.2, unseen_questions=19), True),
        (voted(0.02, questions=99), None),
        ({}, None),
    ],
)
def test_own_votes_need_a_gain_that_is_not_all_remembering(
    figures: dict[str, Any], passed: bool | None
) -> None:
    proof = own_votes_proof(figures)
    assert (proof.passed, proof.proves) == (passed, passed is True)


@pytest.mark.parametrize(
    ("change", "unseen", "passed"), [(-0.019, -0.029, True), (-0.021, 0, False), (0, -0.031, False)]
)
def test_a_model_that_finds_other_passages_has_an_allowance_on_votes_for_what_was_shown(
    change: float, unseen: float, passed: bool
) -> None:
    proof = own_votes_proof({**voted(change, unseen=unseen), "allowance": 0.02})
    assert (proof.passed, proof.proves) == (passed, passed)
    assert "with an allowance of 0.02" in proof.sentence


def test_own_votes_prove_nothing_where_another_model_than_the_default_is_live() -> None:
    proof = own_votes_proof(voted(0.02), alone=False)
    assert (proof.passed, proof.proves) == (True, False)


@pytest.mark.parametrize(
    ("change", "spread", "passed"),
    [(0.02, 0.05, True), (-0.009, 0.05, True), (-0.03, 0.4, True), (-0.03, 0.05, False)],
)
def test_a_learned_live_model_may_not_be_clearly_better_on_what_readers_said(
    change: float, spread: float, passed: bool
) -> None:
    live, candidate = shifted(change, spread=spread)
    proof = live_votes_proof(live, candidate, None, fitted=True)
    assert (proof.passed, proof.proves) == (passed, passed)
    for fitted in (None, False):
        assert not live_votes_proof(live, candidate, None, fitted=fitted).proves, (
            "there is no gain to begin with"
        )


def test_what_votes_cannot_say_is_allowed_for_against_the_live_model_too() -> None:
    assert live_votes_proof(*shifted(-0.03), None, fitted=True, allowance=0.025).passed
    assert live_votes_proof(*shifted(-0.05), None, fitted=True, allowance=0.02).passed is False


def test_the_comparison_with_the_default_is_kept_beside_that_with_the_live_model() -> None:
    live, candidate = shifted(0.01)
    default = scores(live.ndcg - 0.02)
    for proof in (
        live_votes_proof(live, candidate, default, fitted=True),
        golden_proof("desk", "s1", 0.005, live, candidate, default),
    ):
        assert proof.figures["against_default"]["mean"] == pytest.approx(0.03)
        assert proof.figures["ndcg"]["mean"] == pytest.approx(0.01)
    assert (
        "against the default: nDCG@10 +0.030"
        in live_votes_proof(live, candidate, default, fitted=True).sentence
    )
    assert live_votes_proof(*shifted(0.1, n=19), None, fitted=True).passed is None


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
