"""Plain A/B over units."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest

from src.services.evaluation.comparison import Outcome, compare, even_spending, planned_looks
from src.services.evaluation.sequential import Decision, DecisionRule


def arm(rng: np.random.Generator, units: int, share: float, each: int = 4) -> list[Outcome]:
    """Readers with a habit of their own, each judging ``each`` answers."""
    habits = rng.beta(8 * share, 8 * (1 - share), size=units)
    return [Outcome(f"u{u}", float(rng.random() < habits[u])) for u in range(units) for _ in range(each)]


def rule(units: int) -> DecisionRule:
    looks = planned_looks(units)
    return DecisionRule(looks=looks, spending=even_spending(looks), what="readers")


def decide(share: float, rng: np.random.Generator, units: int = 400) -> Decision:
    control, treatment = arm(rng, units // 2, 0.4), arm(rng, units // 2, share)
    judge, looks = rule(units), 0
    for look in judge.looks:
        part = look // 2 * 4
        verdict = judge.judge(compare(control[:part], treatment[:part]), looks)
        looks = verdict.looks_done
        if verdict.final:
            return verdict.decision
    return Decision.WAIT


def test_equal_arms_differ_in_five_percent_though_readers_have_habits() -> None:
    rng = np.random.default_rng(1)
    made = [decide(0.4, rng) for _ in range(300)]
    assert made.count(Decision.PROMOTE) / 300 <= 0.085
    assert made.count(Decision.REJECT) / 300 <= 0.085


def test_a_clear_gain_is_promoted_and_a_loss_rejected() -> None:
    rng = np.random.default_rng(2)
    assert [decide(0.6, rng) for _ in range(20)].count(Decision.PROMOTE) >= 19
    assert [decide(0.2, rng) for _ in range(20)].count(Decision.REJECT) >= 19


def test_a_busy_unit_counts_once() -> None:
    one, other = [Outcome("a", 0.0), Outcome("b", 1.0)], [Outcome("c", 1.0), Outcome("d", 1.0)]
    busy = compare([*one, *[Outcome("a", 0.0)] * 100], other)
    assert busy == compare(one, other)


def test_uneven_arms_count_as_what_an_even_split_would_need() -> None:
    rng = np.random.default_rng(3)
    found = compare(arm(rng, 90, 0.4), arm(rng, 10, 0.4))
    assert found.counted == pytest.approx(36)
    assert found.informative == 10
    assert found.agreement == found.jackknife == inf
    assert found.deviation > 0


def test_arms_too_small_or_without_spread_say_nothing() -> None:
    assert compare([], []).z == 0.0
    assert compare([Outcome("a", 1.0)], [Outcome("b", 0.0)]).z == 0.0
    same = [Outcome(str(i), 1.0) for i in range(50)]
    assert compare(same, same).z == 0.0


def test_looks_are_spread_evenly() -> None:
    assert planned_looks(400) == (100, 200, 300, 400)
    assert planned_looks(2) == (1, 2)
    assert even_spending((100, 400)) == pytest.approx((0.0125, 0.05))
