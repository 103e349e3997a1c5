"""Sticky assignment and the check of the split."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from src.services.evaluation.assignment import assign, fraction, sample_ratio

EVEN = {"control": 1.0, "treatment": 1.0}


def test_a_unit_keeps_its_arm() -> None:
    assert len({assign("exp", "anna", EVEN) for _ in range(10)}) == 1


def test_the_arms_get_their_shares() -> None:
    counts = Counter(assign("exp", f"user {i}", {"a": 1, "b": 2, "off": 0, "c": 1}) for i in range(20_000))
    assert counts["off"] == 0
    assert counts["b"] / 20_000 == pytest.approx(0.5, abs=0.015)
    assert counts["a"] / 20_000 == pytest.approx(0.25, abs=0.015)


def test_two_experiments_split_independently() -> None:
    both = Counter((assign("one", f"u{i}", EVEN), assign("two", f"u{i}", EVEN)) for i in range(8000))
    assert all(1850 < count < 2150 for count in both.values())


def test_growing_the_treatment_moves_nobody_out_of_it() -> None:
    small, large = {"treatment": 0.1, "control": 0.9}, {"treatment": 0.5, "control": 0.5}
    early = {u for u in map(str, range(2000)) if assign("exp", u, small) == "treatment"}
    assert all(assign("exp", u, large) == "treatment" for u in early)


def test_parts_of_a_key_do_not_run_into_each_other() -> None:
    assert fraction("ab", "c") != fraction("a", "bc")
    assert 0 <= fraction("x") < 1


@pytest.mark.parametrize("arms", [{}, {"a": 0.0}, {"a": 1.0, "b": -1.0}])
def test_impossible_weights_are_refused(arms: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="weights"):
        assign("exp", "u", arms)


def test_a_sound_split_alarms_less_than_once_in_a_hundred_trials() -> None:
    rng = np.random.default_rng(0)
    alarms = 0
    for _ in range(1000):
        hits = int(rng.binomial(400, 0.5))
        alarms += sample_ratio({"control": 400 - hits, "treatment": hits}, EVEN).broken
    assert alarms <= 5


def test_a_broken_split_is_named_with_its_counts() -> None:
    found = sample_ratio({"control": 1000, "treatment": 820}, EVEN)
    assert found.broken
    assert "control 1000 (expected 910), treatment 820 (expected 910)" in found.sentence


def test_three_arms_and_uneven_weights_are_checked_too() -> None:
    arms = {"a": 2.0, "b": 1.0, "c": 1.0, "off": 0.0}
    assert not sample_ratio({"a": 500, "b": 250, "c": 250}, arms).broken
    assert sample_ratio({"a": 400, "b": 300, "c": 300}, arms).broken
    assert not sample_ratio({}, arms).broken
