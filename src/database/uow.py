"""The unit of work: one short transaction with its repositories, and the events that go with it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from typing import Any, cast

from sqlalchemy import CursorResult, Engine, insert, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from src.core.clock import Clock, new_id
from src.core.consumer import AlreadyHandledError
from src.core.context import Context, DeliveryFence, JobFence, new_correlation
from src.core.errors import WiringError
from src.core.jobs import JobState, LeaseLostError
from src.core.messages.base import Event, JobSpec
from src.core.signals import Signal

from . import repositories as r
from .engine import RELAXED, WRITES, make_engine
from .models import EventRecord, InboxRecord, JobRecord

_NEW_EVENTS = insert(EventRecord.__table__)  # type: ignore[arg-type]  # a mapped table is a Table
_NEW_INBOX = {
    name: made_by(InboxRecord).on_conflict_do_nothing().returning(InboxRecord.event_id)
    for name, made_by in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}


class Work:
    """The repositories of one session."""

    def __init__(self, session: Session) -> None:
        self.session = session

    @cached_property
    def users(self) -> r.Users:
        return r.Users(self.session)

    @cached_property
    def personal_tokens(self) -> r.PersonalTokens:
        return r.PersonalTokens(self.session)

    @cached_property
    def sign_in_failures(self) -> r.SignInFailures:
        return r.SignInFailures(self.session)

    @cached_property
    def collections(self) -> r.Collections:
        return r.Collections(self.session)

    @cached_property
    def indexes(self) -> r.Indexes:
        return r.Indexes(self.session)

    @cached_property
    def documents(self) -> r.Documents:
        return r.Documents(self.session)

    @cached_property
    def passages(self) -> r.Passages:
        return r.Passages(self.session)

    @cached_property
    def vectors(self) -> r.CachedVectors:
        return r.CachedVectors(self.session)

    @cached_property
    def sources(self) -> r.Sources:
        return r.Sources(self.session)

    @cached_property
    def skipped_files(self) -> r.SkippedFiles:
        return r.SkippedFiles(self.session)

    @cached_property
    def jobs(self) -> r.Jobs:
        return r.Jobs(self.session)

    @cached_property
    def searches(self) -> r.Searches:
        return r.Searches(self.session)

    @cached_property
    def conversations(self) -> r.Conversations:
        return r.Conversations(self.session)

    @cached_property
    def answers(self) -> r.Answers:
        return r.Answers(self.session)

    @cached_property
    def events(self) -> r.Events:
        return r.Events(self.session)

    @cached_property
    def dead_letters(self) -> r.DeadLetters:
        return r.DeadLetters(self.session)

    @cached_property
    def activities(self) -> r.Activities:
        return r.Activities(self.session)

    @cached_property
    def agents(self) -> r.AgentRecords:
        return r.AgentRecords(self.session)

    @cached_property
    def models(self) -> r.Models:
        return r.Models(self.session)

    @cached_property
    def experiments(self) -> r.Experiments:
        return r.Experiments(self.session)

    @cached_property
    def training_runs(self) -> r.TrainingRuns:
        return r.TrainingRuns(self.session)

    @cached_property
    def datasets(self) -> r.Datasets:
        return r.Datasets(self.session)

    @cached_property
    def golden_sets(self) -> r.GoldenSets:
        return r.GoldenSets(self.session)

    @cached_property
    def facts(self) -> r.Facts:
        return r.Facts(self.session)


class UnitOfWork(Work):
    """A writing transaction. Only ``commit`` keeps anything; leaving without it rolls back.

    Events published and jobs enqueued are rows of the same transaction. Where the context carries a
    fence, the commit also records "handled" (or fails because another holder took over).
    """

    def __init__(self, session: Session, ctx: Context | None, clock: Clock) -> None:
        super().__init__(session)
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

    def commit(self) -> None:
        """Keep everything; raises AlreadyHandledError or LeaseLostError where the fence does not hold."""
        fence = self._ctx.fence if self._ctx else None
        if isinstance(fence, DeliveryFence):
            self._record_handled(fence)
        elif isinstance(fence, JobFence):
            self._hold(fence)
        if self._events:
            # Rows without objects: an event is written often and never changed here.
            self.session.flush()
            self.session.connection().execute(_NEW_EVENTS, self._events)
            self._events = []
        self.session.commit()
        if isinstance(fence, DeliveryFence):
            fence.settled = True

    def _record_handled(self, fence: DeliveryFence) -> None:
        if fence.settled:
            raise WiringError("a handler may write in one unit of work only")
        row = {"event_id": fence.event_id, "group": fence.group, "at": self._clock.now()}
        connection = self.session.connection()
        if connection.execute(_NEW_INBOX[connection.dialect.name], row).first() is None:
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


class Database:
    """Opens sessions. ``outbox`` and ``jobs`` are raised after commits that hold events or jobs."""

    def __init__(self, url: str, clock: Clock) -> None:
        self.engine: Engine = make_engine(url)
        self.clock = clock
        self.outbox = Signal()
        self.jobs = Signal()
        # SQLite has one writer; waiting for it in line is fair, where its own busy handler sleeps.
        self._writer = threading.Lock() if self.dialect == "sqlite" else None
        self._writing: int | None = None

    @property
    def dialect(self) -> str:
        return self.engine.dialect.name

    @contextmanager
    def read(self) -> Iterator[Work]:
        """A session to read with, on one snapshot; it never writes. Records outlive it, detached."""
        with self.engine.connect() as connection, Session(connection, autoflush=False) as session:
            yield Work(session)

    @contextmanager
    def begin(self, ctx: Context | None = None, *, relaxed: bool = False) -> Iterator[UnitOfWork]:
        """A unit of work. ``relaxed`` is for records whose loss at a power cut harms nobody; what a
        handler of a repeatable delivery writes is one of them, since it is then done again."""
        fence = ctx.fence if ctx else None
        relaxed = relaxed or (isinstance(fence, DeliveryFence) and fence.repeatable)
        with self._exclusive(), self.engine.connect() as plain:
            connection = plain.execution_options(**{WRITES: True, RELAXED: relaxed})
            with Session(connection, expire_on_commit=False) as session:
                work = UnitOfWork(session, ctx, self.clock)
                yield work
        if work.published:
            self.outbox.notify()
        if work.enqueued:
            self.jobs.notify()

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        if self._writer is None:
            yield
            return
        if self._writing == threading.get_ident():
            raise WiringError("a unit of work was begun inside another one")
        with self._writer:
            self._writing = threading.get_ident()
            try:
                yield
            finally:
                self._writing = None

    def close(self) -> None:
        self.engine.dispose()
