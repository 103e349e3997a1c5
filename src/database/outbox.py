"""The outbox: committed events that the relay has still to publish."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import Integer, Row, Table, bindparam, func, select, text, update

from src.core.messages.base import Envelope
from src.core.messages.console import LoggedEvent
from src.core.signals import Signal

from .models import EventRecord
from .repositories.console import Events
from .uow import Database

LOG_LOCK = 7301
"""Key of the PostgreSQL advisory lock that orders positions."""


class SqlOutbox:
    """Reads unsent events and gives each its position in the log when it was sent.

    Positions are given out under a lock, so that a reader of the log that has seen position N never
    sees a smaller one appear later.
    """

    def __init__(self, database: Database, logged: Signal) -> None:
        self._database = database
        self._logged = logged

    def unsent(self, limit: int) -> Sequence[Envelope]:
        with self._database.read() as work:
            return [_envelope(row) for row in work.connection.execute(_UNSENT, {"limit": limit})]

    def mark_sent(self, envelopes: Sequence[Envelope]) -> None:
        ids = [envelope.id for envelope in envelopes]
        # Lost at a power cut, the mark is made again: the broker knows the event already.
        with self._database.begin(relaxed=True) as work:
            if self._database.dialect == "postgresql":
                work.connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOG_LOCK})
            last = work.connection.scalar(_LAST) or 0
            marks = []
            for seq, target_group in work.connection.execute(_STILL_UNSENT, {"ids": ids, "count": len(ids)}):
                # A replay goes to one group only and is in the log already.
                last += target_group is None
                marks.append({"marked": seq, "place": last if target_group is None else None})
            if marks:
                work.connection.execute(_MARK, marks)
            work.commit()
        self._logged.notify()


class SqlEventLog:
    """Reads the published events for streams and pages."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def last_position(self) -> int:
        with self._database.read() as work:
            return work.events.last_position()

    def after(self, position: int, *, topic: str | None = None, limit: int = 200) -> Sequence[LoggedEvent]:
        with self._database.read() as work:
            found = Events(work.session).after(position, topic=topic, correlation_id=None, limit=limit)
            return [logged_event(record) for record in found]


def logged_event(record: EventRecord) -> LoggedEvent:
    """The record as the API shows it."""
    return LoggedEvent(
        position=record.position or 0,
        id=record.event_id,
        topic=record.topic,
        key=record.key,
        at=record.at,
        correlation_id=record.correlation_id,
        causation_id=record.causation_id,
        payload=record.payload,
    )


def _envelope(row: Row[Any]) -> Envelope:
    return Envelope(
        id=row.event_id,
        topic=row.topic,
        key=row.key,
        payload=row.payload,
        at=row.at,
        correlation_id=row.correlation_id,
        causation_id=row.causation_id,
        group=row.target_group,
    )


_EVENTS = cast("Table", EventRecord.__table__)
_UNSENT = (
    select(_EVENTS)
    .where(_EVENTS.c.sent.is_(False))
    .order_by(_EVENTS.c.seq)
    .limit(bindparam("limit", type_=Integer))
)
_LAST = select(func.max(_EVENTS.c.position))
_STILL_UNSENT = (
    select(_EVENTS.c.seq, _EVENTS.c.target_group)
    .where(_EVENTS.c.event_id.in_(bindparam("ids", expanding=True)), _EVENTS.c.sent.is_(False))
    .order_by(_EVENTS.c.seq)
    # They are the oldest: what is behind them need not be looked at.
    .limit(bindparam("count", type_=Integer))
)
_MARK = (
    update(_EVENTS).where(_EVENTS.c.seq == bindparam("marked")).values(sent=True, position=bindparam("place"))
)
