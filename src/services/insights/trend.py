"""Whether something happens more often than it did, as far as so few events can tell."""

from __future__ import annotations

from math import exp, lgamma, log

from src.core.messages.insights import Trend

LEVEL = 0.1


def trend(now: int, before: int, *, asked_now: int, asked_before: int) -> Trend:
    """Compare two counts of failures, given how much was asked in each period.

    Were failures as frequent as before, ``now`` would be binomial given the sum, with the share of questions
    that were asked now (the conditional test of two Poisson rates; J. Przyborowski and H. Wilenski, 1940).
    It is two-sided and exact, at the level of 10 %. Where no outcome of so few could be that unlikely, or
    nothing was asked in one of the periods, there is nothing to say.
    """
    if asked_now <= 0 or asked_before <= 0:
        return Trend.TOO_FEW
    share = asked_now / (asked_now + asked_before)
    count = now + before
    chances = [_chance(k, count, share) for k in range(count + 1)]
    if min(_as_unlikely(chances, 0), _as_unlikely(chances, count)) > LEVEL:
        return Trend.TOO_FEW
    if _as_unlikely(chances, now) > LEVEL:
        return Trend.STEADY
    return Trend.RISING if now > count * share else Trend.FALLING


def _chance(k: int, count: int, share: float) -> float:
    ways = lgamma(count + 1) - lgamma(k + 1) - lgamma(count - k + 1)
    return exp(ways + k * log(share) + (count - k) * log(1 - share))


def _as_unlikely(chances: list[float], k: int) -> float:
    """The chance of an outcome that is at most as likely as ``k``."""
    return sum(chance for chance in chances if chance <= chances[k] * (1 + 1e-9))
