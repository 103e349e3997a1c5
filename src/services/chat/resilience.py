"""What stands around a model call: the circuit breaker, the deadline, retries before the first piece."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass

from src.core.ports import ChatPiece

from .circuit import CircuitBreaker
from .failures import RETRYABLE, ChatError

log = logging.getLogger(__name__)

Attempt = Callable[[float], Generator[ChatPiece, None, None]]
"""Makes the call once, with a deadline on the clock's scale, and raises ChatError."""


@dataclass(frozen=True)
class Backoff:
    """Exponential waits with full jitter. A server that asks for more than ``patience_s`` is not waited for.

    Full jitter: each wait is drawn evenly between 0 and the exponential bound, so that many callers that
    failed together do not come back together.
    """

    attempts: int = 3
    first_s: float = 0.5
    longest_s: float = 8.0
    patience_s: float = 20.0

    def wait_s(self, failed: int, retry_after_s: float | None, draw: Callable[[], float]) -> float | None:
        """Seconds to wait after the ``failed``-th attempt (from 1), or None to give up."""
        if failed >= self.attempts:
            return None
        bound = min(self.longest_s, self.first_s * 2.0 ** (failed - 1))
        wait = draw() * bound
        if retry_after_s is None:
            return wait
        return retry_after_s + wait / 4 if retry_after_s <= self.patience_s else None


class Resilience:
    """Runs attempts of a call. Once a piece was given out a failure is final: the caller has shown it."""

    def __init__(
        self,
        breaker: CircuitBreaker | None = None,
        backoff: Backoff | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self.breaker = breaker or CircuitBreaker(clock=clock)
        self._backoff = backoff or Backoff()
        self._clock = clock
        self._sleep = sleep
        self._draw = draw

    def pieces(self, attempt: Attempt, *, timeout_s: float) -> Generator[ChatPiece, None, None]:
        """The pieces of the first attempt that gives any; ``timeout_s`` bounds all attempts together."""
        deadline = self._clock() + timeout_s
        with self.breaker.guard():
            failed = 0
            while True:
                given = False
                try:
                    with closing(attempt(deadline)) as pieces:
                        for piece in pieces:
                            given = True
                            yield piece
                except ChatError as error:
                    failed += 1
                    wait_s = None if given else self._wait_s(error, failed, deadline)
                    if wait_s is None:
                        log.warning("model call failed for good after %d attempts: %s", failed, error.code)
                        raise
                    log.info("model call failed with %s, next attempt in %.1f s", error.code, wait_s)
                    self._sleep(wait_s)
                else:
                    return

    def _wait_s(self, error: ChatError, failed: int, deadline: float) -> float | None:
        if error.code not in RETRYABLE:
            return None
        wait_s = self._backoff.wait_s(failed, error.retry_after_s, self._draw)
        if wait_s is None or self._clock() + wait_s >= deadline:
            return None
        return wait_s
