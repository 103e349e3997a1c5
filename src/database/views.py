"""Records as the messages that users see."""

from __future__ import annotations

from src.core.jobs import JobState
from src.core.messages.documents import Document, DocumentFailure, DocumentState, Passage
from src.core.messages.jobs import Job, JobFailure
from src.core.messages.sources import Source, SourceCounts, SourceFailure, SourceState
from src.core.passages import Location, PassageKind

from .models import DocumentRecord, JobRecord, PassageRecord, SourceRecord


def document_view(record: DocumentRecord) -> Document:
    """A document as a list shows it."""
    failure = None
    if record.error_code is not None:
        failure = DocumentFailure(
            stage=record.error_stage or "",
            code=record.error_code,
            detail=record.error_detail or "",
            attempts=record.attempts,
            retryable=bool(record.error_retryable),
        )
    return Document(
        id=record.id,
        collection_id=record.collection_id,
        source_id=record.source_id,
        external_id=record.external_id,
        title=record.title,
        uri=record.uri,
        path=record.path,
        media_type=record.media_type,
        format=record.format,
        size=record.size,
        commit=record.commit,
        state=DocumentState(record.state),
        error=failure,
        notices=tuple(record.notices),
        metadata=record.details,
        passages=record.passage_count,
        searchable=record.live_version is not None,
        created_at=record.created_at,
        updated_at=record.updated_at,
        indexed_at=record.indexed_at,
    )


def passage_view(record: PassageRecord) -> Passage:
    """A passage as it is shown and cited."""
    return Passage(
        id=record.id,
        document_id=record.document_id,
        ordinal=record.ordinal,
        kind=PassageKind(record.kind),
        symbol=record.symbol,
        context=record.context,
        text=record.text,
        location=Location.model_validate(record.location),
        attributes=record.attributes,
    )


def source_view(record: SourceRecord) -> Source:
    """A source with its last run; the credential is left out."""
    failure = None
    if record.error_code is not None:
        failure = SourceFailure(code=record.error_code, detail=record.error_detail or "")
    return Source(
        id=record.id,
        collection_id=record.collection_id,
        kind=record.kind,
        location=record.location,
        branch=record.branch,
        include=tuple(record.include),
        exclude=tuple(record.exclude),
        schedule=record.schedule,
        state=SourceState(record.state),
        last_commit=record.revision if record.kind == "git" else None,
        last_run_at=record.last_run_at,
        next_run_at=record.next_run_at,
        last_job_id=record.last_job_id,
        error=failure,
        counts=SourceCounts.model_validate(record.counts),
        created_at=record.created_at,
    )


def job_view(record: JobRecord) -> Job:
    """A job with its durable progress."""
    failure = None
    if record.error_code is not None:
        failure = JobFailure(code=record.error_code, detail=record.error_detail or "")
    return Job(
        id=record.id,
        kind=record.kind,
        collection_id=record.collection_id,
        source_id=record.source_id,
        state=JobState(record.state),
        stage=record.stage,
        done=record.done,
        total=record.total,
        rate_per_s=record.rate_per_s,
        eta_s=record.eta_s,
        stuck=record.stuck_since is not None,
        attempts=record.attempts,
        error=failure,
        created_at=record.created_at,
        started_at=record.started_at,
        finished_at=record.finished_at,
    )
