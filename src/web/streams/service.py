"""All open streams of this server, and the response that carries one."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from flask import Response, request

from src.core.errors import TooManyRequestsError
from src.web.state import still_admitted

from .answers import AnswerStreams
from .events import EventHub
from .jobs import JobHub
from .sse import HEARTBEAT, MEDIA_TYPE, OPENING, ServerEvent

if TYPE_CHECKING:
    from src.bootstrap import Application

log = logging.getLogger(__name__)

HEARTBEAT_S = 15.0
ADMITTED_S = 5.0
"""How often it is asked whether a stream's reader is still signed in and in the same roles."""

_HEADERS = {"Cache-Control": "no-cache, no-store", "X-Accel-Buffering": "no"}


class Streams:
    """The hubs, and a cap on how many streams are open at once."""

    def __init__(self, events: EventHub, jobs: JobHub, answers: AnswerStreams, *, limit: int) -> None:
        self.events = events
        self.jobs = jobs
        self.answers = answers
        self._limit = limit
        self._open: set[object] = set()
        self._lock = threading.Lock()
        self._closing = threading.Event()

    @classmethod
    def over(cls, application: Application) -> Streams:
        """The streams of ``application``."""
        return cls(
            EventHub(application.event_log, application.signals.events),
            JobHub(application.orchestrator, application.signals.jobs),
            AnswerStreams(application.settings.web_threads),
            limit=application.settings.max_streams,
        )

    @property
    def open(self) -> int:
        """How many streams are open now."""
        return len(self._open)

    def respond(self, start: Callable[[], Iterator[ServerEvent | None]]) -> Response:
        """Send the events that ``start`` gives as they come, with heartbeats between them.

        It yields None where it has nothing, so that the end of the client or of the server is noticed. A
        stream ends with its reader's sign-in and with a change of their roles: who comes back is judged anew.
        Raises TooManyRequestsError when all streams are in use, and what ``start`` raises.
        """
        place, admitted = object(), still_admitted()
        with self._lock:
            if len(self._open) >= self._limit:
                raise TooManyRequestsError(
                    f"All {self._limit} streams are in use; try again in a few seconds."
                )
            self._open.add(place)
        try:
            events = start()
        except BaseException:
            self._open.discard(place)
            raise
        gone = request.environ.get("waitress.client_disconnected", _never)
        response = Response(self._body(events, gone, admitted), content_type=MEDIA_TYPE, headers=_HEADERS)
        response.call_on_close(lambda: self._open.discard(place))
        return response

    def close(self, within_s: float = 5.0) -> None:
        """End every stream; answers that are being written get ``within_s`` to be stored."""
        self._closing.set()
        self.events.close()
        self.jobs.close()
        self.answers.finish(within_s)

    def _body(
        self,
        events: Iterator[ServerEvent | None],
        gone: Callable[[], bool],
        admitted: Callable[[], bool],
    ) -> Iterator[bytes]:
        first = next(events, None)  # a hub has its subscriber by then: nothing after this is missed
        yield OPENING if first is None else OPENING + first.encode()
        sent = asked = time.monotonic()
        for event in events:
            if self._closing.is_set() or gone():
                return
            if time.monotonic() - asked >= ADMITTED_S:
                if not admitted():
                    return
                asked = time.monotonic()
            if event is not None:
                yield event.encode()
            elif time.monotonic() - sent >= HEARTBEAT_S:
                yield HEARTBEAT
            else:
                continue
            sent = time.monotonic()


def _never() -> bool:
    return False
