"""Bounds a whole response: an HTTP client's read timeout only bounds the wait for the next byte.

Imported where a call is made, since it needs the SDKs' HTTP client.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import httpx2


class DeadlineStream(httpx2.SyncByteStream):
    """A response body that raises ReadTimeout once ``deadline`` is over, also while bytes still trickle in.

    The last wait may overrun by the client's read timeout.
    """

    def __init__(
        self, body: httpx2.SyncByteStream, deadline: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._body = body
        self._deadline = deadline
        self._clock = clock

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._body:
            if self._clock() >= self._deadline:
                raise httpx2.ReadTimeout("the response took longer than its deadline")
            yield chunk

    def close(self) -> None:
        self._body.close()


def bound(response: httpx2.Response, deadline: float) -> None:
    """Make reading ``response`` fail with ReadTimeout after ``deadline`` (monotonic seconds)."""
    body = response.stream
    if isinstance(body, httpx2.SyncByteStream):
        response.stream = DeadlineStream(body, deadline)


def timeout(deadline: float, *, connect_s: float, idle_s: float) -> httpx2.Timeout:
    """The waits for connecting and for each next byte, neither longer than what is left."""
    left = max(0.05, deadline - time.monotonic())
    return httpx2.Timeout(min(idle_s, left), connect=min(connect_s, left))


def speaks_events(response: httpx2.Response) -> bool:
    """Whether the body is a stream of server-sent events, not a proxy's page."""
    return str(response.headers.get("content-type", "")).startswith("text/event-stream")
