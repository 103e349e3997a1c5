"""What each group has handled, and what it has given up."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any, cast

from sqlalchemy import Table, bindparam, delete, insert, select

from src.core.clock import Clock, new_id
from src.core.consumer import Burial
from src.core.errors import ConflictError

from .inserts import new_rows
from .models import DeadLetterRecord, EventRecord, InboxRecord
from .repositories.base import chunks
from .uow import Database, SharedTransaction, UnitOfWork

MAX_TRACE = 20_000


class SqlBatch:
    """The deliveries that one transaction handles."""

    def __init__(self, shared: SharedTransaction, group: str, clock: Clock) -> None:
        self._shared = shared
        self._group = group
        self._clock = clock
        self._rows: list[dict[str, Any]] = []

    def settle(self, event_id: str) -> None:
        self._rows.append({"event_id": event_id, "group": self._group, "at": self._clock.now()})

    def commit(self) -> None:
        # A plain insert: where another holder was first it fails, and everything is rolled back.
        if self._rows:
            self._shared.connection.execute(_FIRST, self._rows)
        self._shared.commit()


class SqlLedger:
    """Inbox and dead letters in SQL, whichever broker delivers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def settled(self, group: str, event_ids: Collection[str]) -> set[str]:
        found: set[str] = set()
        with self._database.read() as work:
            for part in chunks(sorted(event_ids)):
                found.update(work.connection.scalars(_SETTLED, {"group": group, "ids": list(part)}))
        return found

    def settle(self, group: str, event_id: str) -> None:
        with self._database.begin(relaxed=True) as work:
            self._record(work, group, event_id)
            work.commit()

    @contextmanager
    def batch(self, group: str, *, repeatable: bool) -> Iterator[SqlBatch]:
        with self._database.together(relaxed=repeatable) as shared:
            yield SqlBatch(shared, group, self._database.clock)

    def bury(self, burial: Burial) -> None:
        envelope = burial.delivery.envelope
        with self._database.begin() as work:
            work.dead_letters.add(
                DeadLetterRecord(
                    id=new_id(),
                    event_id=envelope.id,
                    group=burial.delivery.group,
                    topic=envelope.topic,
                    envelope=envelope.model_dump(mode="json"),
                    cause=burial.cause.replace("\x00", "\ufffd")[:4000],
                    trace=burial.trace.replace("\x00", "\ufffd")[-MAX_TRACE:],
                    attempts=burial.delivery.attempt,
                    at=self._database.clock.now(),
                )
            )
            self._record(work, burial.delivery.group, envelope.id)
            work.commit()

    def _record(self, work: UnitOfWork, group: str, event_id: str) -> None:
        row = {"event_id": event_id, "group": group, "at": self._database.clock.now()}
        work.connection.execute(_HANDLED[self._database.dialect], row)


_INBOX = cast("Table", InboxRecord.__table__)
_FIRST = insert(_INBOX).inline()
_HANDLED = new_rows(InboxRecord)
_SETTLED = select(_INBOX.c.event_id).where(
    _INBOX.c.group == bindparam("group"), _INBOX.c.event_id.in_(bindparam("ids", expanding=True))
)


def replay(work: UnitOfWork, letter: DeadLetterRecord) -> None:
    """Publish the event of a dead letter again, for its group only, and settle the letter."""
    if letter.settled_at is not None:
        raise ConflictError("This dead letter was replayed or deleted already.")
    now = work.now()
    work.session.execute(
        delete(InboxRecord).where(InboxRecord.event_id == letter.event_id, InboxRecord.group == letter.group)
    )
    envelope = letter.envelope
    work.session.add(
        EventRecord(
            event_id=letter.event_id,
            topic=letter.topic,
            key=envelope["key"],
            payload=envelope["payload"],
            at=now,
            correlation_id=envelope["correlation_id"],
            causation_id=envelope["causation_id"],
            target_group=letter.group,
            sent=False,
        )
    )
    work.published += 1
    letter.replayed_at = letter.settled_at = now
