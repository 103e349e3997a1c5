"""How quickly a job gets on."""

from __future__ import annotations


class Pace:
    """The rate of a job over the last half minute, for the rate and the time left that users see."""

    def __init__(self, window_s: float = 30.0) -> None:
        self._window_s = window_s
        self._points: list[tuple[float, int]] = []

    def note(self, at_s: float, done: int) -> None:
        self._points.append((at_s, done))
        while len(self._points) > 2 and at_s - self._points[0][0] > self._window_s:
            self._points.pop(0)

    def rate_per_s(self) -> float | None:
        if len(self._points) < 2:
            return None
        (t0, n0), (t1, n1) = self._points[0], self._points[-1]
        return (n1 - n0) / (t1 - t0) if t1 > t0 and n1 > n0 else None
