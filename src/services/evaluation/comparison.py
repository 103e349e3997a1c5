"""Plain A/B: two arms with different units, for answers, templates and settings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf, sqrt

import numpy as np

from .boundaries import power_spending
from .metrics import Floats
from .normal import normal_of_t


@dataclass(frozen=True)
class Outcome:
    """One measured thing of a unit (the one that was assigned): 1 or 0 for a share, a number for a mean."""

    unit: str
    value: float


@dataclass(frozen=True)
class Difference:
    """Mean of the treatment less mean of the control, over units; evidence for a ``DecisionRule`` whose
    looks count the units of both arms. ``counted`` shrinks with the imbalance of the arms to what an even
    split would need."""

    control: float
    treatment: float
    control_units: int
    treatment_units: int
    error: float
    z: float

    @property
    def mean(self) -> float:
        return self.treatment - self.control

    @property
    def counted(self) -> float:
        both = self.control_units + self.treatment_units
        return 4 * self.control_units * self.treatment_units / both if both else 0.0

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
        return ""

    @property
    def deviation(self) -> float:
        """Standard deviation per counted unit, for ``plan``."""
        return self.error * sqrt(self.counted)


def compare(control: Iterable[Outcome], treatment: Iterable[Outcome]) -> Difference:
    """Welch's t-test on one value per unit, the mean of its outcomes, so that busy units count once.

    Shares go the same way: a unit's share of successes is its value.
    """
    one, other = _per_unit(control), _per_unit(treatment)
    means = [float(values.mean()) if values.size else 0.0 for values in (one, other)]
    error, z = 0.0, 0.0
    if min(one.size, other.size) >= 2:
        parts = [float(values.var(ddof=1)) / values.size for values in (one, other)]
        error = sqrt(sum(parts))
        if error > 1e-12:
            freedom = sum(parts) ** 2 / sum(
                part**2 / (values.size - 1) for part, values in zip(parts, (one, other), strict=True)
            )
            z = normal_of_t((means[1] - means[0]) / error, freedom)
    return Difference(means[0], means[1], one.size, other.size, error, z)


def planned_looks(units: int, times: int = 4) -> tuple[int, ...]:
    """Evenly spread looks up to the planned number of units of both arms together."""
    return tuple(sorted({max(1, round(units * turn / times)) for turn in range(1, times + 1)}))


def even_spending(looks: Sequence[int], level: float = 0.05) -> tuple[float, ...]:
    """Levels that are spent in proportion to the information."""
    return power_spending(looks, level, 1.0)


def _per_unit(outcomes: Iterable[Outcome]) -> Floats:
    gathered: dict[str, list[float]] = defaultdict(list)
    for outcome in outcomes:
        gathered[outcome.unit].append(outcome.value)
    return np.array([sum(values) / len(values) for values in gathered.values()], dtype=np.float64)
