"""Charts as drawings that a template writes out: scales, paths and labels, and nothing of a framework."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

WIDTH, HEIGHT = 640.0, 220.0
LEFT, RIGHT, TOP, BOTTOM = 64.0, 24.0, 10.0, 32.0
# Left and right leave room for labels that a narrow window draws larger.

_PLACES = 6
_WHISKERS = 10
"""Points of a line above which its band alone tells the intervals."""


@dataclass(frozen=True)
class Tick:
    """A mark on an axis: where it is drawn, and what it says."""

    at: float
    label: str


@dataclass(frozen=True)
class Line:
    """A series as an SVG path, with its points; ``band`` is the area of its intervals, and ``whiskers`` are
    the intervals themselves (x, top, bottom), where it has any."""

    name: str
    path: str
    band: str
    points: tuple[tuple[float, float], ...]
    whiskers: tuple[tuple[float, float, float], ...] = ()


@dataclass(frozen=True)
class Chart:
    """Everything that is drawn, in units of the view box; ``zero`` is where the line of no change lies."""

    lines: tuple[Line, ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    zero: float | None
    width: float = WIDTH
    height: float = HEIGHT
    left: float = LEFT
    right: float = WIDTH - RIGHT
    bottom: float = HEIGHT - BOTTOM


@dataclass(frozen=True)
class Series:
    """Points of one line, ``(x, y)`` each; ``low`` and ``high`` bound the interval of each point."""

    name: str
    points: Sequence[tuple[float, float]]
    low: Sequence[float] = ()
    high: Sequence[float] = ()


def chart(
    series: Sequence[Series], *, with_zero: bool = False, digits: int = 3, names: Sequence[str] = ()
) -> Chart | None:
    """Lay out lines over a common scale; None where there is not a single point. ``names`` are written below
    the places 0, 1, 2 ... where these stand for something else than numbers."""
    xs = [x for one in series for x, _ in one.points]
    ys = [y for one in series for _, y in one.points] + [y for one in series for y in (*one.low, *one.high)]
    if not xs or not all(map(math.isfinite, xs + ys)):
        return None
    if with_zero:
        ys.append(0.0)
    across, up = _Scale.over(xs, LEFT, WIDTH - RIGHT), _Scale.over(ys, HEIGHT - BOTTOM, TOP, roomy=True)
    return Chart(
        lines=tuple(_line(one, across, up) for one in series),
        across=tuple(Tick(across(place), name) for place, name in enumerate(names))
        or tuple(Tick(across(value), f"{value:g}") for value in _told(xs) or across.ticks(6)),
        up=tuple(Tick(up(value), f"{value:.{digits}f}") for value in up.ticks(5)),
        zero=up(0.0) if up.low <= 0.0 <= up.high else None,
    )


@dataclass(frozen=True)
class _Scale:
    low: float
    high: float
    start: float
    end: float

    @classmethod
    def over(cls, values: Sequence[float], start: float, end: float, *, roomy: bool = False) -> _Scale:
        low, high = min(values), max(values)
        if low == high:
            low, high = low - (abs(low) or 1.0) / 2, high + (abs(high) or 1.0) / 2
        room = (high - low) * 0.06 if roomy else 0.0
        return cls(low - room, high + room, start, end)

    def __call__(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 1)

    def ticks(self, wanted: int) -> list[float]:
        """Round values within the scale, about as many as wanted."""
        rough = (self.high - self.low) / wanted
        unit = 10.0 ** math.floor(math.log10(rough))
        step = min((unit * factor for factor in (1, 2, 5, 10)), key=lambda one: abs(math.log(one / rough)))
        first = math.ceil(self.low / step)
        return [round(number * step, 10) for number in range(first, math.floor(self.high / step) + 1)]


def _told(xs: Sequence[float]) -> list[float]:
    """The places of the points themselves, where these are few and far enough apart to be written."""
    places = sorted(set(xs))
    gaps = [after - before for before, after in pairwise(places)]
    return places if len(places) <= _PLACES and min(gaps, default=1.0) >= 0.08 * sum(gaps) else []


def _line(series: Series, across: _Scale, up: _Scale) -> Line:
    points = tuple((across(x), up(y)) for x, y in series.points)
    path = "M" + " L".join(f"{x},{y}" for x, y in points) if points else ""
    band = ""
    whiskers: tuple[tuple[float, float, float], ...] = ()
    if series.low and series.high:
        xs = [across(x) for x, _ in series.points]
        outline = [
            *zip(xs, map(up, series.high), strict=True),
            *reversed(list(zip(xs, map(up, series.low), strict=True))),
        ]
        band = "M" + " L".join(f"{x},{y}" for x, y in outline) + "Z"
        if len(xs) <= _WHISKERS:
            whiskers = tuple(zip(xs, map(up, series.high), map(up, series.low), strict=True))
    return Line(series.name, path, band, points, whiskers)
