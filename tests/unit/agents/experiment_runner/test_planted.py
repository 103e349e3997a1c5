"""Planted bad candidates end at the gate or in their trial, whichever sees them; a good one gets through."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from src.agents.experiment_runner.proofs import Outcome, logged_votes_veto, outcome_of, own_votes_proof
from src.services.evaluation.bootstrap import paired_bootstrap
from src.services.evaluation.estimate import Vote, estimate
from src.services.evaluation.metrics import Floats, RankingScores
from src.services.evaluation.sequential import Decision, DecisionRule

QUESTIONS, RUNS = 200, 60
BLIND = -0.02
"""What votes take from any ranking but the one that showed what they were given on."""


def scores(ndcg: Floats) -> RankingScores:
    return RankingScores(10, tuple(map(str, range(ndcg.size))), ndcg, ndcg, ndcg)


def at_the_gate(change: float, seed: int) -> Outcome:
    """What the gate says of a candidate that truly changes nDCG by that, on votes that cannot show it all."""
    chance = np.random.default_rng(seed)
    live = chance.uniform(0.5, 1.0, QUESTIONS)
    seen = live + chance.normal(change + BLIND, 0.12, QUESTIONS) * (chance.random(QUESTIONS) < 0.5) * 2
    found = paired_bootstrap(seen, live)
    part = {"questions": QUESTIONS, "change": found.mean, "upper": found.upper, "sentence": ""}
    figures = {"against_memory": {"all": part, "unseen": part}}
    proofs = [own_votes_proof(figures), logged_votes_veto(scores(live), scores(seen))]
    return outcome_of(proofs)[0]


def on_trial(change: float, seed: int) -> Decision:
    """What thirty readers decide, of whose votes four in five tell nothing."""
    chance, rule, looks = np.random.default_rng(seed), DecisionRule(), 0
    gains = chance.normal(5 * change, 0.35, 1100) * (chance.random(1100) < 0.2)
    votes = [Vote(f"u{n * 7 % 30}", f"q{n}", float(gain)) for n, gain in enumerate(gains)]
    for size in range(100, len(votes) + 1, 10):
        verdict = rule.judge(estimate(votes[:size]), looks) if size >= rule.looks[looks] else None
        if verdict is not None and verdict.final:
            return verdict.decision
        looks = verdict.looks_done if verdict is not None else looks
    return Decision.WAIT


def ends(change: float) -> Counter[str]:
    """How candidates end, by who decided on them."""
    made: Counter[str] = Counter()
    for seed in range(RUNS):
        outcome = at_the_gate(change, seed)
        tried = outcome in {Outcome.GATED, Outcome.OPEN}
        made[on_trial(change, seed).value if tried else f"gate: {outcome.value}"] += 1
    return made


@pytest.mark.parametrize("change", [-0.03, -0.06, -0.1])
def test_a_worse_candidate_is_never_promoted_and_a_bad_one_meets_no_reader(change: float) -> None:
    made = ends(change)
    assert made["promote"] == 0
    assert made["reject"] + made["gate: rejected"] >= 0.9 * RUNS
    if change <= -0.06:
        assert made["gate: rejected"] >= 0.9 * RUNS


def test_a_better_candidate_that_looks_worse_on_votes_gets_through() -> None:
    assert ends(0.04)["promote"] >= 0.9 * RUNS
