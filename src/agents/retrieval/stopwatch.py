"""How long the stages of a search take."""

from __future__ import annotations

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

    def lap(self, stage: str) -> None:
        now = self.clock.monotonic()
        self.took_ms[stage] = round((now - self._last) * 1000, 3)
        self._last = now

    def stop(self) -> dict[str, float]:
        self.took_ms["total"] = round((self.clock.monotonic() - self._first) * 1000, 3)
        return self.took_ms
