"""Jobs as users see them, and leases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from sqlalchemy import func, select

from src.core.caller import Caller
from src.database.models import JobRecord

from .base import Repository
from .reading import readable

OPEN = ("queued", "running")


class Jobs(Repository[JobRecord]):
    """Jobs as lists and the monitor see them; the job store claims and ends them."""

    model: ClassVar = JobRecord
    noun: ClassVar = "job"

    def page(
        self,
        caller: Caller,
        *,
        collection_id: str | None,
        state: str | None,
        limit: int,
        cursor: str | None,
    ) -> tuple[Sequence[JobRecord], str | None]:
        query = select(JobRecord)
        if not caller.administers:
            query = query.where(JobRecord.collection_id.in_(readable(caller)))
        if collection_id is not None:
            query = query.where(JobRecord.collection_id == collection_id)
        if state is not None:
            query = query.where(JobRecord.state == state)
        return self._page(query, JobRecord.id, limit=limit, cursor=cursor, newest_first=True)

    def open(
        self, kind: str, *, source_id: str | None = None, collection_id: str | None = None
    ) -> JobRecord | None:
        """A job of this kind that has not ended, for the same source or collection."""
        query = select(JobRecord).where(JobRecord.kind == kind, JobRecord.state.in_(OPEN))
        if source_id is not None:
            query = query.where(JobRecord.source_id == source_id)
        if collection_id is not None:
            query = query.where(JobRecord.collection_id == collection_id)
        return self._session.scalar(query.order_by(JobRecord.id.desc()).limit(1))

    def all_open(self, kind: str) -> Sequence[JobRecord]:
        """The jobs of this kind that have not ended."""
        query = select(JobRecord).where(JobRecord.kind == kind, JobRecord.state.in_(OPEN))
        return list(self._session.scalars(query.order_by(JobRecord.id)))

    def motionless(self, since: datetime) -> Sequence[JobRecord]:
        """Open jobs that are due and have not moved since then. Those that nobody has begun wait in line, as
        long as any that was begun moves."""
        query = select(JobRecord).where(
            JobRecord.state.in_(OPEN), JobRecord.moved_at < since, JobRecord.available_at < since
        )
        moving = select(JobRecord.id).where(JobRecord.state == "running", JobRecord.moved_at >= since)
        if self._session.scalar(moving.limit(1)) is not None:
            query = query.where(JobRecord.state == "running")
        return list(self._session.scalars(query))

    def counts(self) -> dict[tuple[str, str], int]:
        """Jobs by kind and state."""
        query = select(JobRecord.kind, JobRecord.state, func.count()).group_by(
            JobRecord.kind, JobRecord.state
        )
        return {(kind, state): count for kind, state, count in self._session.execute(query)}

    def stuck(self) -> dict[str, int]:
        """Stuck jobs by kind."""
        query = (
            select(JobRecord.kind, func.count())
            .where(JobRecord.stuck_since.is_not(None), JobRecord.state.in_(OPEN))
            .group_by(JobRecord.kind)
        )
        return {kind: count for kind, count in self._session.execute(query)}

    def waiting(self) -> dict[str, tuple[int, datetime]]:
        """Queued jobs by kind: how many, and since when the oldest waits."""
        query = (
            select(JobRecord.kind, func.count(), func.min(JobRecord.available_at))
            .where(JobRecord.state == "queued")
            .group_by(JobRecord.kind)
        )
        return {kind: (count, oldest) for kind, count, oldest in self._session.execute(query)}
