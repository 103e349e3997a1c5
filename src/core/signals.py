"""Wakes threads of this process when there is something to do; polling is the fallback for others."""

from __future__ import annotations

import threading


class Signal:
    """A level that any thread may raise and any number of threads may wait to see raised."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._raised = 0

    @property
    def level(self) -> int:
        with self._condition:
            return self._raised

    def notify(self) -> None:
        """Wake every waiter."""
        with self._condition:
            self._raised += 1
            self._condition.notify_all()

    def wait_past(self, level: int, timeout_s: float) -> int:
        """Wait until the level is past ``level`` or the time is up; returns the level now. Reading the
        level before looking for work and waiting past it after loses no wake-up in between."""
        with self._condition:
            self._condition.wait_for(lambda: self._raised > level, timeout=timeout_s)
            return self._raised
