"""A whole list as JSON lines, read page by page while it is sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Response, request

from src.core.messages.base import Page, Request
from src.web import state

from .operation import Body

_PAGE = 500


def lines_wanted() -> bool:
    """Whether the client would rather have JSON lines than one JSON document."""
    accepted = request.accept_mimetypes
    return accepted[Body.NDJSON.value] > accepted[Body.JSON.value]


def as_lines(message: Request[Page[Any]]) -> Response:
    """An item a line, from the message's cursor to the end of the list, or to its limit where one is given.

    Raises what the first page raises, as nothing is sent before.
    """
    fields = message.model_fields_set
    left = getattr(message, "limit", None) if "limit" in fields else None
    ask, context = state.application().orchestrator.ask, state.context()
    first = ask(message.model_copy(update={"limit": left or _PAGE}), context)

    def lines() -> Iterator[bytes]:
        page: Page[Any] = first
        while True:
            for item in page.items:
                yield item.model_dump_json().encode() + b"\n"
            if page.next is None or left is not None:
                return
            page = ask(message.model_copy(update={"limit": _PAGE, "cursor": page.next}), context)

    return Response(lines(), content_type=Body.NDJSON.value)
