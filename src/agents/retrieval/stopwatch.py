"""How long the stages of a search take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from src.core.clock import Clock


@dataclass
class Stopwatch:
    """The time of each stage in milliseconds."""

    clock: Clock
    took_ms: dict[str, float] = field(default_factory=dict)
    _last: float = 0.0
    _first: float = 0.0

    def __post_init__(self) -> None:
        self._first = self._last = self.clock.monotonic()

    def lap(self, stage: str) -> float:
        """Returns the milliseconds since the last lap; a stage that comes again adds to itself."""
        now = self.clock.monotonic()
        took = round((now - self._last) * 1000, 3)
        self.took_ms[stage] = round(self.took_ms.get(stage, 0.0) + took, 3)
        self._last = now
        return took

    def join(self, laps: Mapping[str, float]) -> None:
        """Take the stages in that another thread went through meanwhile; the wait for them is none."""
        self.took_ms = {**laps, **self.took_ms}
        self._last = self.clock.monotonic()

    def stop(self) -> dict[str, float]:
        self.took_ms["total"] = round((self.clock.monotonic() - self._first) * 1000, 3)
        return self.took_ms
