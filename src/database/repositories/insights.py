"""The reports of the feedback analyst."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from sqlalchemy import delete, select

from src.core.caller import Caller
from src.core.jobs import JobState
from src.core.messages.insights import AnalyseJob
from src.database.models import InsightRecord, JobRecord

from .base import Repository
from .reading import writable


class Insights(Repository[InsightRecord]):
    """What was found, by collection; None is what concerns several."""

    model: ClassVar = InsightRecord
    noun: ClassVar = "insight"

    def of(self, collection_id: str | None) -> Sequence[InsightRecord]:
        """The current report of a collection, the largest group first."""
        query = select(InsightRecord).where(InsightRecord.collection_id == collection_id)
        return list(self._session.scalars(query.order_by(InsightRecord.size.desc(), InsightRecord.id)))

    def visible(self, caller: Caller, collection_id: str | None) -> Sequence[InsightRecord]:
        """What the caller may see, of all collections or of one."""
        query = select(InsightRecord)
        if not caller.administers:
            query = query.where(InsightRecord.collection_id.in_(writable(caller)))
        if collection_id is not None:
            query = query.where(InsightRecord.collection_id == collection_id)
        return list(self._session.scalars(query.order_by(InsightRecord.size.desc(), InsightRecord.id)))

    def reported(self) -> set[str | None]:
        """The collections that have a report with anything in it."""
        return set(self._session.scalars(select(InsightRecord.collection_id).distinct()))

    def waiting_job(self, collection_id: str | None) -> JobRecord | None:
        """An analysis of the collection, or of all, that has not begun."""
        query = select(JobRecord).where(
            JobRecord.kind == AnalyseJob.kind,
            JobRecord.state == JobState.QUEUED,
            JobRecord.collection_id == collection_id,
        )
        return self._session.scalar(query.limit(1))

    def replace(self, collection_id: str | None, records: Sequence[InsightRecord]) -> None:
        """Put a new report in the place of the one before."""
        before = InsightRecord.collection_id == collection_id
        self._session.execute(delete(InsightRecord).where(before))
        self._session.add_all(records)
        self._session.flush()
