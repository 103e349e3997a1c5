"""Power and duration of a trial."""

from __future__ import annotations

import pytest

from src.services.evaluation.power import plan, smallest_effect
from src.services.evaluation.sequential import DecisionRule

RULE = DecisionRule()


def test_a_plan_says_how_many_days_the_daily_rate_takes() -> None:
    found = plan(RULE, effect=0.05, deviation=0.2, per_day=30)
    assert (found.votes, found.days) == (250, 9)
    assert found.sentence == (
        "A gain of +0.050 is found in 80% of trials by 250 up-votes: with your 30 up-votes a day this takes "
        "9 days."
    )


def test_what_is_too_small_for_the_trial_is_named() -> None:
    found = plan(RULE, effect=0.005, deviation=0.2, per_day=30)
    assert found.votes is None
    assert found.days is None
    assert "too small for this trial" in found.sentence
    assert found.power[-1] < 0.5


def test_nobody_voting_takes_for_ever() -> None:
    found = plan(RULE, effect=0.1, deviation=0.2, per_day=0)
    assert found.days is None
    assert found.sentence.endswith("There were none lately, so nobody knows how many days that takes.")


def test_the_votes_of_less_than_a_day_tell_nothing_of_the_days_to_come() -> None:
    found = plan(RULE, effect=0.05, deviation=0.2, per_day=None)
    assert (found.votes, found.days) == (250, None)
    assert found.sentence.endswith(
        "The first of them came less than a day ago, so nobody knows how many days that takes."
    )


def test_the_smallest_effect_has_the_wanted_power() -> None:
    effect = smallest_effect(RULE, 0.2)
    assert RULE.power(effect, 0.2)[-1] == pytest.approx(0.8, abs=0.001)
    assert smallest_effect(RULE, 0.1) == pytest.approx(effect / 2)
