"""Group-sequential boundaries: how large z must be at each look so that looking often costs no errors."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from math import erfc, sqrt

import numpy as np

from .metrics import Floats

_POINTS = 401
_REACH = 8.0

_tail = np.vectorize(lambda z: 0.5 * erfc(z / sqrt(2)), otypes=[np.float64])


@lru_cache(64)
def boundaries(information: tuple[float, ...], spending: tuple[float, ...]) -> tuple[float, ...]:
    """One-sided critical values of z at looks with ``information`` (increasing, for example vote counts).

    ``spending`` is the probability, where nothing is different, of having crossed by each look: it rises to
    the level of the whole test (Lan and DeMets, 1983). Computed by numerical integration over the paths that
    have not crossed yet (Armitage, McPherson and Rowe, 1969). Raises ValueError for a schedule that is not
    increasing.
    """
    _check(information, spending)
    found: list[float] = []
    points, masses = np.zeros(1), np.ones(1)
    before, spent = 0.0, 0.0
    for now, level in zip(information, spending, strict=True):
        step = sqrt(now - before)
        critical = _critical(points, masses, step, sqrt(now), level - spent)
        found.append(critical)
        points, masses = _survivors(points, masses, step, sqrt(now), critical)
        before, spent = now, level
    return tuple(found)


def crossing(information: Sequence[float], critical: Sequence[float], drift: float = 0.0) -> list[float]:
    """Probability of having crossed ``critical`` by each look where z has mean ``drift`` * sqrt(information).

    With ``drift`` = effect / standard deviation of one vote this is the power of the test at each look.
    """
    points, masses = np.zeros(1), np.ones(1)
    before, crossed = 0.0, 0.0
    reached: list[float] = []
    for now, bound in zip(information, critical, strict=True):
        step, scale = sqrt(now - before), sqrt(now)
        shift = drift * (now - before)
        crossed += float(masses @ _tail((bound * scale - points - shift) / step))
        points, masses = _survivors(points, masses, step, scale, bound, shift)
        reached.append(min(1.0, crossed))
        before = now
    return reached


def power_spending(looks: Sequence[float], level: float, exponent: float) -> tuple[float, ...]:
    """``level`` spent with a power of the information (Kim and DeMets, 1987): 1 is evenly, more is later."""
    return tuple(level * (look / looks[-1]) ** exponent for look in looks)


def _critical(points: Floats, masses: Floats, step: float, scale: float, wanted: float) -> float:
    low, high = -_REACH, _REACH
    for _ in range(50):
        middle = (low + high) / 2
        if float(masses @ _tail((middle * scale - points) / step)) > wanted:
            low = middle
        else:
            high = middle
    return high


def _survivors(
    points: Floats, masses: Floats, step: float, scale: float, critical: float, shift: float = 0.0
) -> tuple[Floats, Floats]:
    """Grid and probability masses of the score (z times ``scale``) below the bound after one more look."""
    lowest = float(points.min()) + shift - _REACH * step
    grid = np.linspace(min(lowest, critical * scale - step), critical * scale, _POINTS)
    distance = (grid[:, None] - points[None, :] - shift) / step
    density = np.exp(-0.5 * distance**2) @ masses / (step * sqrt(2 * np.pi))
    width = grid[1] - grid[0]
    trapezoid = np.full(_POINTS, width)
    trapezoid[[0, -1]] /= 2
    return grid, density * trapezoid


def _check(information: Sequence[float], spending: Sequence[float]) -> None:
    rising = all(a < b for values in (information, spending) for a, b in pairwise(values))
    if not information or len(information) != len(spending) or not rising:
        raise ValueError("Looks and spending must be equally long and increasing.")
    if information[0] <= 0 or spending[0] <= 0 or spending[-1] >= 1:
        raise ValueError("Looks start above 0 and the spending lies between 0 and 1.")
