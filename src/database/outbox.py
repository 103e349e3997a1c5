"""The outbox: committed events that the relay has still to publish."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select, text, update

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
        query = select(EventRecord).where(EventRecord.sent.is_(False)).order_by(EventRecord.seq).limit(limit)
        with self._database.read() as work:
            return [_envelope(record) for record in work.session.scalars(query)]

    def mark_sent(self, envelopes: Sequence[Envelope]) -> None:
        ids = [envelope.id for envelope in envelopes]
        # Lost at a power cut, the mark is made again: the broker knows the event already.
        with self._database.begin(relaxed=True) as work:
            if self._database.dialect == "postgresql":
                work.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOG_LOCK})
            last = work.session.scalar(select(func.max(EventRecord.position))) or 0
            rows = work.session.execute(
                select(EventRecord.seq, EventRecord.target_group)
                .where(EventRecord.event_id.in_(ids), EventRecord.sent.is_(False))
                .order_by(EventRecord.seq)
            ).all()
            marks = []
            for row in rows:
                # A replay goes to one group only and is in the log already.
                last += row.target_group is None
                marks.append(
                    {"seq": row.seq, "sent": True, "position": last if row.target_group is None else None}
                )
            if marks:
                work.session.execute(update(EventRecord), marks)
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


def _envelope(record: EventRecord) -> Envelope:
    return Envelope(
        id=record.event_id,
        topic=record.topic,
        key=record.key,
        payload=record.payload,
        at=record.at,
        correlation_id=record.correlation_id,
        causation_id=record.causation_id,
        group=record.target_group,
    )
