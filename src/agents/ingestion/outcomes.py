"""What the stages of ingestion write to a document: taken, finished or failed."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from src.core.errors import AppError, DocumentError
from src.core.jobs import JobState
from src.core.messages.documents import (
    DocumentFailed,
    DocumentIndexed,
    DocumentSkipped,
    DocumentState,
    PassagesRemoved,
)
from src.core.passages import ParsedDocument
from src.database.models import DocumentRecord
from src.database.uow import UnitOfWork
from src.services.indexing.passages import rows

log = logging.getLogger("stoa.ingestion")

DANGEROUS = frozenset({"timeout", "crashed", "out_of_memory", "unpacked_too_large"})
"""Failures after which a document is set apart: trying it again by itself could harm."""

LEFT_OUT = frozenset({"archive", "binary", "unsupported_format"})
"""What such a file is has no text for Stoa: it is left out, and has not failed."""

ABANDONED = {
    JobState.CANCELLED: ("cancelled", "The job was cancelled before this document's turn; retry it."),
    JobState.FAILED: ("job_failed", "The job failed before this document was done; see the job, then retry."),
}
"""What becomes of the documents that a job leaves behind when it ends like this."""


def take(
    work: UnitOfWork, record: DocumentRecord, parsed: ParsedDocument, version: str, cutting: str
) -> None:
    """Store the passages of a new version; they are searched only when the version is finished."""
    record.format = parsed.format
    record.version = version
    record.notices = list(parsed.notices)
    if parsed.title and not record.path and record.title in {"", record.external_id}:
        record.title = parsed.title[:500]
    record.state = DocumentState.EMBEDDING
    record.updated_at = work.now()
    work.passages.add_all(rows(record, parsed.drafts, version, cutting))


def finish(
    work: UnitOfWork, record: DocumentRecord, version: str, passages: int, removed: Sequence[str]
) -> None:
    """Tell of a document that was switched to its new version; ``removed`` are the passages that it lost."""
    now = work.now()
    record.live_hash, record.live_format, record.live_version = record.content_hash, record.format, version
    record.passage_count = passages
    work.documents.note_version(record, now)
    record.state = DocumentState.INDEXED
    record.indexed_at = record.updated_at = now
    record.error_stage = record.error_code = record.error_detail = record.error_retryable = None
    record.attempts += 1
    if removed:
        work.publish(
            PassagesRemoved(
                collection_id=record.collection_id, document_id=record.id, passage_ids=tuple(removed)
            )
        )
    work.publish(
        DocumentIndexed(
            collection_id=record.collection_id,
            document_id=record.id,
            content_hash=record.content_hash,
            passages=passages,
        )
    )


def abandon(work: UnitOfWork, record: DocumentRecord, end: JobState) -> None:
    """Note that the document's job ended before it: nothing waits for a job that is no more."""
    code, detail = ABANDONED[end]
    fail(work, record, DocumentError(code, detail, stage=record.state, retryable=True))


def abandoned(record: DocumentRecord) -> bool:
    """Whether the document has failed for no reason of its own."""
    return record.error_code in {code for code, _ in ABANDONED.values()}


def fail(work: UnitOfWork, record: DocumentRecord, error: Exception) -> None:
    """Note why the document could not be ingested or is left out; an older version of it stays searchable."""
    if isinstance(error, DocumentError):
        stage, code, detail, retryable = error.stage, error.code, error.detail, error.retryable
    elif isinstance(error, AppError):
        stage, code, detail, retryable = "parsing", error.code, error.detail, True
    else:
        log.error("document %s could not be parsed", record.id, exc_info=error)
        stage, code, retryable = "parsing", "internal", True
        detail = f"{type(error).__name__}: {error}. The server's log holds the trace; try again."
    record.state = _end(code)
    record.error_stage, record.error_code = stage, code
    record.error_detail = detail.replace("\x00", "\ufffd")
    record.error_retryable = retryable
    record.attempts += 1
    record.updated_at = work.now()
    of = {"collection_id": record.collection_id, "document_id": record.id, "code": code}
    if record.state == DocumentState.SKIPPED:
        work.publish(DocumentSkipped(**of))
    else:
        work.publish(DocumentFailed(**of, stage=stage))


def _end(code: str) -> DocumentState:
    if code in LEFT_OUT:
        return DocumentState.SKIPPED
    return DocumentState.QUARANTINED if code in DANGEROUS else DocumentState.FAILED
