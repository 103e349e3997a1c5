"""Streams that render templates: the request stays at hand until the last event is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from flask import Response, stream_with_context

from src.web.state import streams
from src.web.streams import ServerEvent

Events = Iterator[ServerEvent | None]


def respond(start: Callable[[], Events]) -> Response:
    """Send the events that ``start`` gives as they come; raises TooManyRequestsError when too many
    streams are open, and what ``start`` raises."""

    def begin() -> Events:
        plain: Iterator[Any] = start()  # Flask declares text, but passes on whatever is yielded
        return stream_with_context(plain)

    return streams().respond(begin)
