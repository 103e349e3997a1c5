"""The evidence of a plain A/B comparison of answers, from readers' verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, inf, sqrt

import numpy as np

from .assignment import CONTROL, TREATMENT
from .estimate import Shares, Vote, estimate
from .normal import normal_of_t


@dataclass(frozen=True)
class Judgement:
    """One reader's verdict on an answer of one arm."""

    reader: str
    arm: str
    question: str
    up: bool


@dataclass(frozen=True)
class Contrast:
    """Share of good verdicts with the treatment less that with the control, each reader counting once:
    evidence for a ``DecisionRule``. Units are readers.

    ``weighed`` is the number of ratings without what single readers have beyond their share of an arm, and
    without what one arm has more than the other; looks go by it.
    """

    control: float
    treatment: float
    control_units: int
    treatment_units: int
    error: float
    z: float
    ratings: int
    weighed: float
    least_readers: int

    @property
    def mean(self) -> float:
        return self.treatment - self.control

    @property
    def counted(self) -> float:
        return self.weighed

    @property
    def informative(self) -> int:
        return min(self.control_units, self.treatment_units)

    @property
    def agreement(self) -> float:
        return inf

    @property
    def jackknife(self) -> float:
        return inf

    @property
    def note(self) -> str:
        if self.weighed or not self.ratings:
            return ""
        return (
            f" Nothing counts before {self.least_readers} readers of each arm have rated; so far "
            f"{self.control_units} and {self.treatment_units} have."
        )


def contrast(judgements: Sequence[Judgement], shares: Shares) -> Contrast:
    """What the verdicts of both arms come to: Welch's t over readers. ``shares.reader`` is the most of an arm
    that one reader is taken for."""
    sides = [[one for one in judgements if one.arm == arm] for arm in (CONTROL, TREATMENT)]
    control, treatment = (_Side.of(side) for side in sides)
    error, z = _test(control, treatment)
    one, other = (_weighed(side, shares) for side in sides)
    return Contrast(
        control=control.rate,
        treatment=treatment.rate,
        control_units=control.readers,
        treatment_units=treatment.readers,
        error=error,
        z=z,
        ratings=len(judgements),
        weighed=4 * one * other / (one + other) if one and other else 0.0,
        least_readers=ceil(1 / shares.reader),
    )


def approval(judgements: Iterable[Judgement]) -> tuple[float, float, float] | None:
    """The share of good verdicts of one arm, each reader counting once, with its 95 % interval (Wilson,
    1927, over readers); None where there is none."""
    shares = _per_reader(judgements)
    if not shares:
        return None
    count = len(shares)
    rate = sum(shares.values()) / count
    spread = 1.96**2 / count
    middle, reach = rate + spread / 2, 1.96 * sqrt(rate * (1 - rate) / count + spread / (4 * count))
    return rate, (middle - reach) / (1 + spread), (middle + reach) / (1 + spread)


@dataclass(frozen=True)
class _Side:
    """One arm: its rate over readers, and the variance of that rate. The variance is never below that of as
    many coins as there are ratings, smoothed by one that fell well and one that did not: a few readers who
    all agree are no certainty."""

    readers: int
    rate: float
    variance: float

    @classmethod
    def of(cls, side: Sequence[Judgement]) -> _Side:
        shares = np.array(list(_per_reader(side).values()), dtype=np.float64)
        if not shares.size:
            return cls(0, 0.0, 0.0)
        between = float(shares.var(ddof=1)) / shares.size if shares.size > 1 else 0.0
        smooth = (sum(one.up for one in side) + 1) / (len(side) + 2)
        return cls(shares.size, float(shares.mean()), max(between, smooth * (1 - smooth) / len(side)))


def _test(control: _Side, treatment: _Side) -> tuple[float, float]:
    """Standard error of the difference and the normal equivalent of its t; zeros where an arm has fewer
    than two readers."""
    sides = (control, treatment)
    if min(side.readers for side in sides) < 2:
        return 0.0, 0.0
    error = sqrt(sum(side.variance for side in sides))
    freedom = error**4 / sum(side.variance**2 / (side.readers - 1) for side in sides)
    return error, normal_of_t((treatment.rate - control.rate) / error, freedom)


def _per_reader(side: Iterable[Judgement]) -> dict[str, float]:
    """Each reader's share of good verdicts."""
    given: dict[str, list[bool]] = {}
    for one in side:
        given.setdefault(one.reader, []).append(one.up)
    return {reader: sum(said) / len(said) for reader, said in given.items()}


def _weighed(side: Iterable[Judgement], shares: Shares) -> float:
    votes = [Vote(one.reader, one.question, 1.0) for one in side]
    return estimate(votes, Shares(reader=shares.reader, question=1.0)).counted
