"""Whether an agent may take background work, as an administrator last said."""

from __future__ import annotations

import threading
from collections.abc import Callable

from .clock import Clock

REFRESH_S = 1.0


class Steering:
    """Caches what the database says for a second, so that every worker asks as often as it likes."""

    def __init__(self, read: Callable[[], dict[str, str]], clock: Clock) -> None:
        self._read = read
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str, str] = {}
        self._read_at = float("-inf")

    def takes_work(self, agent: str) -> bool:
        """False for an agent that is paused or draining."""
        return self._state(agent) == "running"

    def interrupts(self, agent: str) -> bool:
        """True for a paused agent: its jobs stop at their next safe point."""
        return self._state(agent) == "paused"

    def refresh(self) -> None:
        """Read again at the next question."""
        with self._lock:
            self._read_at = float("-inf")

    def _state(self, agent: str) -> str:
        with self._lock:
            now = self._clock.monotonic()
            if now - self._read_at >= REFRESH_S:
                self._known = self._read()
                self._read_at = now
            return self._known.get(agent, "running")
