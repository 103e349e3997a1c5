"""How many votes a trial needs, and how many days that is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import ceil, sqrt

from .sequential import DecisionRule

DEVIATION = 0.2
"""Standard deviation of the gain of one up-vote where nothing was observed yet: 0.1 to 0.22 over pairs of
rankers that differ in a tenth to a half of their lists."""


@dataclass(frozen=True)
class Plan:
    """What to expect of a trial. ``votes`` is the first look with the wanted power, None where even the last
    has less; ``days`` follows from the daily rate; ``smallest`` is the gain that the last look finds with
    the wanted power."""

    effect: float
    votes: int | None
    days: int | None
    power: tuple[float, ...]
    smallest: float
    sentence: str


def plan(
    rule: DecisionRule,
    *,
    effect: float,
    per_day: float | None,
    deviation: float = DEVIATION,
    wanted: float = 0.8,
) -> Plan:
    """The power of ``rule`` to find a mean gain ``effect`` at ``per_day`` counted votes a day, None
    where the first of them came less than a day ago.

    ``deviation`` is the standard deviation of one vote's gain.
    """
    reached = rule.power(effect, deviation)
    votes = next((look for look, power in zip(rule.looks, reached, strict=True) if power >= wanted), None)
    days = ceil(votes / per_day) if votes is not None and per_day else None
    smallest = smallest_effect(rule, deviation, wanted)
    if votes is None:
        sentence = (
            f"A gain of {effect:+.3f} is too small for this trial: {rule.looks[-1]} {rule.what} find it in "
            f"{reached[-1]:.0%} of trials; from {smallest:+.3f} on it is found in {wanted:.0%}."
        )
    elif days is None:
        why = (
            "There were none lately" if per_day is not None else "The first of them came less than a day ago"
        )
        sentence = (
            f"A gain of {effect:+.3f} is found in {wanted:.0%} of trials by {votes} {rule.what}. {why}, so "
            "nobody knows how many days that takes."
        )
    else:
        sentence = (
            f"A gain of {effect:+.3f} is found in {wanted:.0%} of trials by {votes} {rule.what}: "
            f"with your {per_day:g} {rule.what} a day this takes {days} day{'' if days == 1 else 's'}."
        )
    return Plan(effect, votes, days, tuple(reached), smallest, sentence)


def smallest_effect(rule: DecisionRule, deviation: float, wanted: float = 0.8) -> float:
    """The mean gain that ``rule`` finds with probability ``wanted`` by its last look."""
    return deviation * _drift(rule, wanted)


@lru_cache(64)
def _drift(rule: DecisionRule, wanted: float) -> float:
    low, high = 0.0, 10.0 / sqrt(rule.looks[0])
    for _ in range(20):
        middle = (low + high) / 2
        low, high = (middle, high) if rule.power(middle, 1.0)[-1] < wanted else (low, middle)
    return high
