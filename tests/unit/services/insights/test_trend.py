"""Trends of few events."""

from __future__ import annotations

from math import comb

import pytest

from src.core.messages.insights import Trend
from src.services.insights.trend import trend


@pytest.mark.parametrize(
    ("now", "before", "told"),
    [
        (1, 0, Trend.TOO_FEW),
        (4, 0, Trend.TOO_FEW),
        (5, 0, Trend.RISING),
        (0, 5, Trend.FALLING),
        (4, 1, Trend.STEADY),
        (8, 1, Trend.RISING),
        (50, 50, Trend.STEADY),
        (70, 40, Trend.RISING),
        (900, 1100, Trend.FALLING),
    ],
)
def test_a_trend_is_told_only_where_chance_would_seldom_do_it(now: int, before: int, told: Trend) -> None:
    assert trend(now, before, asked_now=1000, asked_before=1000) is told


def test_twice_the_failures_of_twice_the_questions_are_no_trend() -> None:
    assert trend(40, 20, asked_now=2000, asked_before=1000) is Trend.STEADY
    assert trend(40, 20, asked_now=1000, asked_before=1000) is Trend.RISING


@pytest.mark.parametrize(("now", "before"), [(0, 100), (100, 0)])
def test_without_questions_in_one_of_the_periods_nothing_can_be_told(now: int, before: int) -> None:
    assert trend(9, 0, asked_now=now, asked_before=before) is Trend.TOO_FEW


def test_without_any_change_a_trend_is_told_in_at_most_a_tenth_of_all_cases() -> None:
    for count in (5, 10, 20, 40):
        chance = [comb(count, k) / 2**count for k in range(count + 1)]
        told = sum(
            chance[k]
            for k in range(count + 1)
            if trend(k, count - k, asked_now=10, asked_before=10) in {Trend.RISING, Trend.FALLING}
        )
        assert told <= 0.1
