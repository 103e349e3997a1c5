"""A page of the event log: forwards from a position, or backwards from its end."""

from __future__ import annotations

import re

from src.core.errors import UnknownCursorError
from src.core.messages.console import EventPage, ListEvents
from src.database.outbox import logged_event
from src.database.uow import Work

_CURSOR = re.compile(r"-?[0-9]{1,18}")


def page_of(work: Work, request: ListEvents) -> EventPage:
    """The part of the log that is asked for, in its order. A cursor is the position to go on after or, with a
    minus, before. Raises UnknownCursorError."""
    given = request.cursor
    if given is not None and not _CURSOR.fullmatch(given):
        raise UnknownCursorError()
    after, before = request.after, None
    if given is not None:
        after, before = (None, int(given[1:])) if given.startswith("-") else (int(given), None)
    limit = request.limit + 1
    if after is not None:
        found = work.events.after(
            after, topic=request.topic, correlation_id=request.correlation_id, limit=limit
        )
        items = tuple(map(logged_event, found[: request.limit]))
        following = str(items[-1].position) if len(found) == limit else None
    else:
        found = work.events.before(
            before, topic=request.topic, correlation_id=request.correlation_id, limit=limit
        )
        items = tuple(map(logged_event, found[-request.limit :]))
        following = f"-{items[0].position}" if len(found) == limit else None
    return EventPage(items=items, next=following)
