"""Where failures are recorded: requests, jobs, documents and dead letters."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from src.core.jobs import JobState
from src.core.messages.alerts import ErrorOrigin
from src.core.messages.documents import DocumentState
from src.database.models import ActivityLine, DeadLetterRecord, DocumentRecord, JobRecord
from src.database.uow import Work

from .errors import Failure


class RequestFailures:
    """Requests that failed by Stoa's fault. Their ids hold the time of their record, which is the end of the
    request: by that a long request is not missed."""

    origin = ErrorOrigin.REQUEST.value

    def between(self, work: Work, since: datetime, until: datetime, limit: int) -> Sequence[Failure]:
        query = (
            select(ActivityLine)
            .where(ActivityLine.id >= _floor(since), ActivityLine.id < _floor(until))
            .where(ActivityLine.error.is_not(None))
            .order_by(ActivityLine.id)
            .limit(limit)
        )
        return [
            Failure(
                at=_time_of(row.id, since),
                place=row.capability,
                code=row.outcome,
                message=row.error or "",
                example={"activity_id": row.id, "correlation_id": row.correlation_id, "agent": row.agent},
            )
            for row in work.session.scalars(query)
        ]


class JobFailures:
    """Jobs that ended in failure."""

    origin = ErrorOrigin.JOB.value

    def between(self, work: Work, since: datetime, until: datetime, limit: int) -> Sequence[Failure]:
        query = (
            select(JobRecord)
            .where(JobRecord.state == JobState.FAILED.value)
            .where(JobRecord.finished_at >= since, JobRecord.finished_at < until)
            .order_by(JobRecord.finished_at)
            .limit(limit)
        )
        return [
            Failure(
                at=row.finished_at or since,
                place=row.kind,
                code=row.error_code or "internal",
                message=row.error_detail or "",
                example={"job_id": row.id, "correlation_id": row.correlation_id},
            )
            for row in work.session.scalars(query)
        ]


class DocumentFailures:
    """Documents that could not be ingested, or not taken in anew."""

    origin = ErrorOrigin.DOCUMENT.value
    _states = (DocumentState.FAILED.value, DocumentState.QUARANTINED.value)

    def between(self, work: Work, since: datetime, until: datetime, limit: int) -> Sequence[Failure]:
        query = (
            select(
                DocumentRecord.id,
                DocumentRecord.collection_id,
                DocumentRecord.updated_at,
                DocumentRecord.error_stage,
                DocumentRecord.error_code,
                DocumentRecord.error_detail,
            )
            .where(DocumentRecord.error_code.is_not(None), DocumentRecord.state.in_(self._states))
            .where(DocumentRecord.updated_at >= since, DocumentRecord.updated_at < until)
            .order_by(DocumentRecord.updated_at)
            .limit(limit)
        )
        return [
            Failure(
                at=row.updated_at,
                place=row.error_stage or "",
                code=row.error_code,
                message=row.error_detail or "",
                example={"document_id": row.id, "collection_id": row.collection_id},
            )
            for row in work.session.execute(query)
        ]


class EventFailures:
    """Events that an agent gave up: its dead letters, settled ones among them."""

    origin = ErrorOrigin.EVENT.value

    def between(self, work: Work, since: datetime, until: datetime, limit: int) -> Sequence[Failure]:
        query = (
            select(DeadLetterRecord)
            .where(DeadLetterRecord.at >= since, DeadLetterRecord.at < until)
            .order_by(DeadLetterRecord.at)
            .limit(limit)
        )
        return [
            Failure(
                at=row.at,
                place=row.group,
                code=row.cause.partition(":")[0],
                message=row.cause.partition(": ")[2],
                example={"dead_letter_id": row.id, "topic": row.topic},
            )
            for row in work.session.scalars(query)
        ]


def _floor(moment: datetime) -> str:
    """The smallest id that is made at the moment (UUID version 7: milliseconds lead)."""
    return f"{int(moment.timestamp() * 1000):012x}".ljust(32, "0")


def _time_of(record_id: str, since: datetime) -> datetime:
    return datetime.fromtimestamp(int(record_id[:12], 16) / 1000, since.tzinfo)
