"""The unit of work: one short transaction with its repositories, and the events that go with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, CursorResult, bindparam, insert, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm.session import JoinTransactionMode

from src.core.clock import Clock, new_id
from src.core.consumer import AlreadyHandledError
from src.core.context import Context, DeliveryFence, JobFence, new_correlation
from src.core.errors import WiringError
from src.core.jobs import JobState, LeaseLostError
from src.core.messages.base import Event, JobSpec

from .activities import add_activity
from .models import EventRecord, InboxRecord, JobRecord
from .prepared import Prepared
from .work import Work

_ONE_UNIT = "a handler may write in one unit of work only"
_WRITTEN = (
    "event_id",
    "topic",
    "key",
    "payload",
    "at",
    "correlation_id",
    "causation_id",
    "target_group",
    "sent",
)
_NEW_EVENT = Prepared(
    lambda _: (
        insert(EventRecord.__table__)  # type: ignore[arg-type]  # a mapped table is a Table
        .values({name: bindparam(name) for name in _WRITTEN})
        .inline()
    )
)
_NEW_INBOX = {
    name: made_by(InboxRecord.__table__).on_conflict_do_nothing().returning(InboxRecord.event_id)  # type: ignore[arg-type]
    for name, made_by in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}


class UnitOfWork(Work):
    """A writing transaction. Only ``commit`` keeps anything; leaving without it rolls back.

    Events published and jobs enqueued are rows of the same transaction. Where the context carries a
    fence, the commit also records "handled" (or fails because another holder took over).
    """

    def __init__(
        self,
        connection: Connection,
        ctx: Context | None,
        clock: Clock,
        *,
        joins: JoinTransactionMode = "control_fully",
    ) -> None:
        super().__init__(connection, joins=joins)
        self._ctx = ctx
        self._clock = clock
        self._correlation_id = ctx.correlation_id if ctx else new_correlation()
        self._causation_id = ctx.causation_id if ctx else None
        self._events: list[dict[str, Any]] = []
        self.published = 0
        self.enqueued = 0

    def now(self) -> datetime:
        """The clock's time."""
        return self._clock.now()

    def publish(
        self, event: Event, *, correlation_id: str | None = None, causation_id: str | None = None
    ) -> str:
        """Have the event delivered once this transaction has committed; returns its id. It belongs to
        what the context belongs to, where no other origin is given."""
        event_id = new_id()
        self._events.append(
            {
                "event_id": event_id,
                "topic": event.topic,
                "key": event.ordering_key(),
                "payload": event.model_dump(mode="json"),
                "at": self._clock.now(),
                "correlation_id": correlation_id or self._correlation_id,
                "causation_id": causation_id or self._causation_id,
                "target_group": None,
                "sent": False,
            }
        )
        self.published += 1
        return event_id

    def enqueue(
        self, spec: JobSpec, *, collection_id: str | None = None, source_id: str | None = None
    ) -> JobRecord:
        """Have the job carried out once this transaction has committed."""
        now = self._clock.now()
        job = JobRecord(
            id=new_id(),
            kind=spec.kind,
            payload=spec.model_dump(mode="json"),
            collection_id=collection_id,
            source_id=source_id,
            state=JobState.QUEUED,
            done=0,
            attempts=0,
            available_at=now,
            moved_at=now,
            cancel_requested=False,
            correlation_id=self._correlation_id,
            created_by=self._ctx.caller.username if self._ctx else "stoa",
            created_at=now,
        )
        self.session.add(job)
        self.enqueued += 1
        return job

    def conclude(self) -> None:
        """Commit, and with it the record of the request, which ends here: one transaction instead of two."""
        recording = self._ctx.recording if self._ctx else None
        if recording is not None:
            add_activity(self.connection, recording.activity())
        self.commit()
        if recording is not None:
            recording.kept = True

    def commit(self) -> None:
        """Keep everything; raises AlreadyHandledError or LeaseLostError where the fence does not hold."""
        fence = self._ctx.fence if self._ctx else None
        if isinstance(fence, DeliveryFence):
            self._record_handled(fence)
        elif isinstance(fence, JobFence):
            self._hold(fence)
        if self._events:
            # Rows without objects: an event is written often and never changed here.
            _NEW_EVENT.run_each(self.connection, self._events)
            self._events = []
        self._keep()
        if isinstance(fence, DeliveryFence):
            fence.settled = True

    def _keep(self) -> None:
        if self.opened is not None:
            self.opened.commit()
        if self.connection.in_transaction():  # begun without the session, which then knows nothing of it
            self.connection.commit()

    def _record_handled(self, fence: DeliveryFence) -> None:
        if fence.settled:
            raise WiringError(_ONE_UNIT)
        row = {"event_id": fence.event_id, "group": fence.group, "at": self._clock.now()}
        if self.connection.execute(_NEW_INBOX[self.connection.dialect.name], row).first() is None:
            raise AlreadyHandledError(fence.event_id)

    def _hold(self, fence: JobFence) -> None:
        result = self.session.execute(
            update(JobRecord)
            .where(
                JobRecord.id == fence.job_id,
                JobRecord.lease_token == fence.lease_token,
                JobRecord.state == JobState.RUNNING,
            )
            .values(moved_at=self._clock.now(), stuck_since=None)
        )
        if cast("CursorResult[Any]", result).rowcount != 1:
            raise LeaseLostError(fence.job_id)


class SharedTransaction:
    """A transaction for the units of work of several deliveries. It keeps all of them or none: where
    one did not commit, ``commit`` raises SpoiltError."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self.connection = connection
        self.published = 0
        self.enqueued = 0
        self._clock = clock
        self._transaction = connection.begin()
        self._spoilt = False

    @contextmanager
    def unit(self, ctx: Context | None) -> Iterator[UnitOfWork]:
        """A handler's unit of work within the transaction."""
        if ctx is None or not isinstance(ctx.fence, DeliveryFence):
            raise WiringError("a batched handler writes in the unit of work of its own context only")
        work = _UnitWithin(self.connection, ctx, self._clock, joins="rollback_only")
        try:
            yield work
        finally:
            work.close()
            self._spoilt = self._spoilt or not work.kept
            self.published += work.published
            self.enqueued += work.enqueued

    def commit(self) -> None:
        """Keep everything."""
        if self._spoilt or not self._transaction.is_active:
            raise SpoiltError("a unit of work within was not committed")
        self._transaction.commit()


class SpoiltError(Exception):
    """The transaction that several deliveries shared cannot be kept."""


class _UnitWithin(UnitOfWork):
    """Leaves the commit, and the record of what was handled, to the transaction that it is within."""

    kept = False

    def _record_handled(self, fence: DeliveryFence) -> None:
        if fence.settled:
            raise WiringError(_ONE_UNIT)

    def _keep(self) -> None:
        if self.opened is not None:
            self.opened.flush()
        self.kept = True
