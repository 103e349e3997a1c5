"""Claims, leases and progress of jobs in SQL."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, and_, exists, func, or_, select, update
from sqlalchemy.orm import aliased

from src.core.clock import new_id
from src.core.jobs import ClaimedJob, JobState, LeaseLostError, Progress
from src.core.messages.jobs import JobFinished
from src.core.signals import Signal

from .models import JobRecord
from .uow import Database, UnitOfWork

CLAIMS = 0x53746F61
"""The advisory lock of PostgreSQL that is held while a job is claimed."""


class SqlJobStore:
    """Jobs in SQL; ``moved`` is raised whenever a job's visible state changes."""

    def __init__(self, database: Database, moved: Signal) -> None:
        self._database = database
        self._clock = database.clock
        self._moved = moved

    def claim(self, kinds: Collection[str], *, lease_s: float) -> ClaimedJob | None:
        now = self._clock.now()
        other = aliased(JobRecord)
        # One run of a source at a time: two would queue the same files for each other's job.
        same_source = exists().where(
            other.source_id == JobRecord.source_id,
            other.id != JobRecord.id,
            other.state == JobState.RUNNING,
        )
        due = and_(
            JobRecord.kind.in_(sorted(kinds)),
            or_(JobRecord.source_id.is_(None), ~same_source),
            or_(
                and_(JobRecord.state == JobState.QUEUED, JobRecord.available_at <= now),
                and_(JobRecord.state == JobState.RUNNING, JobRecord.lease_until <= now),
            ),
        )
        while True:
            with self._database.read() as work:
                if work.session.scalar(select(JobRecord.id).where(due).limit(1)) is None:
                    return None
            job, cancelled = self._taken(due, now, lease_s)
            if not cancelled:
                return job

    def _taken(
        self, due: ColumnElement[bool], now: datetime, lease_s: float
    ) -> tuple[ClaimedJob | None, bool]:
        """The first of the due jobs, and whether it was to be cancelled: then it has ended instead."""
        with self._database.begin() as work:
            self._line_up(work)
            record = work.session.scalar(
                select(JobRecord)
                .where(due)
                .order_by(JobRecord.available_at, JobRecord.id)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            if record is None:
                return None, False
            if record.cancel_requested:
                _end(work, record, JobState.CANCELLED)
                work.commit()
                self._moved.notify()
                return None, True
            record.state = JobState.RUNNING
            record.attempts += 1
            record.lease_token = new_id()
            record.lease_until = now + timedelta(seconds=lease_s)
            record.started_at = record.started_at or now
            record.moved_at, record.stuck_since = now, None
            record.error_code = record.error_detail = None
            job = ClaimedJob(
                id=record.id,
                kind=record.kind,
                payload=record.payload,
                attempt=record.attempts,
                lease_token=record.lease_token,
                correlation_id=record.correlation_id,
                created_by=record.created_by,
                collection_id=record.collection_id,
                stage=record.stage,
                done=record.done,
                total=record.total,
            )
            work.commit()
        self._moved.notify()
        return job, False

    def _line_up(self, work: UnitOfWork) -> None:
        """Claim one after the other: two at once would not see each other's job of the same source.
        SQLite has one writer anyway."""
        if self._database.dialect == "postgresql":
            work.session.execute(select(func.pg_advisory_xact_lock(CLAIMS)))

    def end_leases(self) -> None:
        """Have every running job claimed anew at once, for a process that knows all other holders dead. One
        that lives after all loses its job like a holder whose lease ran out."""
        with self._database.begin() as work:
            running = update(JobRecord).where(JobRecord.state == JobState.RUNNING)
            work.session.execute(running.values(lease_until=self._clock.now()))
            work.commit()

    def extend(self, job: ClaimedJob, *, lease_s: float) -> bool:
        self._update(job, relaxed=True, lease_until=self._clock.now() + timedelta(seconds=lease_s))
        with self._database.read() as work:
            return bool(work.session.scalar(select(JobRecord.cancel_requested).where(JobRecord.id == job.id)))

    def report(self, job: ClaimedJob, progress: Progress) -> None:
        self._update(
            job,
            relaxed=True,
            stage=progress.stage[:200],
            attempts=progress.attempt,
            done=progress.done,
            total=progress.total,
            rate_per_s=progress.rate_per_s,
            eta_s=progress.eta_s,
            moved_at=self._clock.now(),
            stuck_since=None,
        )
        self._moved.notify()

    def succeed(self, job: ClaimedJob) -> None:
        self._finish(job, JobState.SUCCEEDED)

    def fail(self, job: ClaimedJob, *, code: str, detail: str) -> None:
        self._finish(job, JobState.FAILED, code=code, detail=detail)

    def cancelled(self, job: ClaimedJob) -> None:
        self._finish(job, JobState.CANCELLED)

    def requeue(
        self, job: ClaimedJob, *, delay_s: float, counted: bool, code: str | None = None, detail: str = ""
    ) -> None:
        values: dict[str, Any] = {
            "error_code": code,
            "error_detail": _storable(detail),
            "state": JobState.QUEUED,
            "lease_token": None,
            "lease_until": None,
            "available_at": self._clock.now() + timedelta(seconds=delay_s),
        }
        if not counted:
            values["attempts"] = JobRecord.attempts - 1
        self._update(job, **values)
        self._moved.notify()

    def _update(self, job: ClaimedJob, *, relaxed: bool = False, **values: Any) -> None:
        with self._database.begin(relaxed=relaxed) as work:
            result = work.session.execute(
                update(JobRecord)
                .where(JobRecord.id == job.id, JobRecord.lease_token == job.lease_token)
                .values(**values)
            )
            if cast("CursorResult[Any]", result).rowcount != 1:
                raise LeaseLostError(job.id)
            work.commit()

    def _finish(self, job: ClaimedJob, state: JobState, *, code: str | None = None, detail: str = "") -> None:
        with self._database.begin() as work:
            record = work.session.get(JobRecord, job.id, with_for_update=True)
            if record is None or record.lease_token != job.lease_token:
                raise LeaseLostError(job.id)
            _end(work, record, state, code=code, detail=detail)
            work.commit()
        self._moved.notify()


def _end(
    work: UnitOfWork, record: JobRecord, state: JobState, *, code: str | None = None, detail: str = ""
) -> None:
    now = work.now()
    record.state = state
    record.error_code, record.error_detail = code, _storable(detail)
    record.finished_at = record.moved_at = now
    record.lease_token = record.lease_until = record.stuck_since = record.eta_s = None
    work.publish(
        JobFinished(job_id=record.id, kind=record.kind, state=state, collection_id=record.collection_id),
        correlation_id=record.correlation_id,
        causation_id=record.id,
    )


def _storable(detail: str) -> str | None:
    """PostgreSQL keeps no NUL."""
    return detail.replace("\x00", "\ufffd") or None


def request_cancel(work: UnitOfWork, record: JobRecord) -> None:
    """Ask a job to stop; one that nobody has begun ends at once."""
    if record.state == JobState.QUEUED:
        _end(work, record, JobState.CANCELLED)
    elif record.state == JobState.RUNNING:
        record.cancel_requested = True
