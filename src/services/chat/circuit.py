"""A circuit breaker: after repeated failures calls are refused at once, until a probe succeeds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .failures import COUNTED, ChatError


class CircuitBreaker:
    """Closed, it lets calls through and counts failures in a row. Open, it refuses them for
    ``cooldown_s`` seconds. Then one call is let through as a probe: it closes the circuit or opens it again.

    One breaker guards one server; it is safe to share between threads.
    """

    def __init__(
        self,
        *,
        failures: int = 5,
        cooldown_s: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit = failures
        self._cooldown_s = cooldown_s
        self._clock = clock
        self._lock = threading.Lock()
        self._in_a_row = 0
        self._open_until: float | None = None
        self._probing = False

    @property
    def state(self) -> str:
        """``closed``, ``open`` or ``half-open``."""
        with self._lock:
            if self._open_until is None:
                return "closed"
            return "open" if self._clock() < self._open_until else "half-open"

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Around one call; raises ChatError ``model_circuit_open`` instead of making it.

        A ChatError of a COUNTED code is a failure of the server. Any other end is not, also that the
        caller stopped listening: it only gives a probe back.
        """
        probe = self._admit()
        try:
            yield
        except ChatError as error:
            self._record(failed=error.code in COUNTED, probe=probe)
            raise
        except BaseException:
            if probe:
                with self._lock:
                    self._probing = False
            raise
        self._record(failed=False, probe=probe)

    def _admit(self) -> bool:
        with self._lock:
            if self._open_until is None:
                return False
            wait_s = self._open_until - self._clock()
            if wait_s > 0 or self._probing:
                raise ChatError(
                    "model_circuit_open",
                    f"The language model failed {self._in_a_row} times in a row and is left alone for "
                    f"{max(1, round(wait_s))} s more; see the log for the cause.",
                )
            self._probing = True
            return True

    def _record(self, *, failed: bool, probe: bool) -> None:
        with self._lock:
            if probe:
                self._probing = False
            if not failed:
                self._in_a_row = 0
                self._open_until = None
                return
            self._in_a_row += 1
            if probe or self._in_a_row >= self._limit:
                self._open_until = self._clock() + self._cooldown_s
