"""Time and identity, injectable so that tests can steer them."""

from __future__ import annotations

import os
import threading
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Where the program reads the time."""

    def now(self) -> datetime:
        """The current time, aware, in UTC."""

    def monotonic(self) -> float:
        """Seconds that never run backwards, for durations and deadlines."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


class _Sequence:
    """Keeps ids made in the same millisecond in order."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last_ms = 0
        self._count = 0

    def next(self) -> tuple[int, int]:
        with self._lock:
            now_ms = max(time.time_ns() // 1_000_000, self._last_ms)
            self._count = self._count + 1 if now_ms == self._last_ms else 0
            if self._count > 0xFFF:
                now_ms, self._count = now_ms + 1, 0
            self._last_ms = now_ms
            return now_ms, self._count


_sequence = _Sequence()


def new_id() -> str:
    """A new opaque id: a UUID version 7 (RFC 9562) in hex, so that ids sort by the time they were made."""
    milliseconds, count = _sequence.next()
    random = int.from_bytes(os.urandom(8), "big") & ((1 << 62) - 1)
    value = (milliseconds << 80) | (0x7 << 76) | (count << 64) | (0b10 << 62) | random
    return f"{value:032x}"
