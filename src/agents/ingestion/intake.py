"""What comes in becomes documents that wait: one way for uploads, imports and sources."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from src.core.clock import new_id
from src.core.messages.documents import DocumentState
from src.database.models import DocumentRecord
from src.database.uow import UnitOfWork


@dataclass(frozen=True)
class Incoming:
    """A document as it arrives; its bytes are in the blob store already.

    ``external_id`` identifies it within its source (or among the collection's uploads and imports).
    """

    external_id: str
    title: str
    digest: str
    size: int
    uri: str | None = None
    path: str | None = None
    media_type: str | None = None
    source_id: str | None = None
    file_revision: str | None = None
    commit: str | None = None
    details: dict[str, Any] = field(default_factory=dict)


def external_digest(source_id: str | None, external_id: str) -> str:
    """The unique key of a document in its collection."""
    name = f"{source_id or ''}\x00{external_id}"
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def receive(
    work: UnitOfWork, collection_id: str, job_id: str, incoming: Sequence[Incoming]
) -> list[DocumentRecord]:
    """Add or replace documents, waiting for the job. One that is indexed with the same bytes and
    names stays as it is; only its facts are brought up to date."""
    digests = [external_digest(item.source_id, item.external_id) for item in incoming]
    work.documents.line_up(collection_id)
    known = work.documents.by_external(collection_id, digests)
    records = []
    for digest, given in zip(digests, incoming, strict=True):
        item, record = given, known.get(digest)
        if record is None:
            record = known[digest] = _new(work, collection_id, digest)
        elif _untitled(item) and record.content_hash == item.digest:
            # The title that was found in these bytes, which are not read again.
            item = replace(item, title=record.title)
        unchanged = _same(record, item)
        _describe(record, item)
        record.job_id = job_id
        record.updated_at = work.now()
        if not unchanged:
            queue(record)
        records.append(record)
    return records


def queue(record: DocumentRecord) -> None:
    """Put a document back at the beginning; a version that is searched stays so meanwhile."""
    record.state = DocumentState.QUEUED
    record.error_stage = record.error_code = record.error_detail = record.error_retryable = None


def _new(work: UnitOfWork, collection_id: str, digest: str) -> DocumentRecord:
    now = work.now()
    record = DocumentRecord(
        id=new_id(),
        collection_id=collection_id,
        external_digest=digest,
        state=DocumentState.QUEUED,
        attempts=0,
        notices=[],
        passage_count=0,
        created_at=now,
        updated_at=now,
    )
    return work.documents.add(record)


def _untitled(item: Incoming) -> bool:
    return not item.path and item.title in {"", item.external_id}


def _same(record: DocumentRecord, item: Incoming) -> bool:
    return (
        record.state == DocumentState.INDEXED
        and record.live_hash == item.digest
        and record.title == item.title
        and record.path == item.path
        and record.media_type == item.media_type
    )


def _describe(record: DocumentRecord, item: Incoming) -> None:
    record.source_id = item.source_id
    record.external_id = item.external_id
    record.title = item.title
    record.uri = item.uri
    record.path = item.path
    record.media_type = item.media_type
    record.size = item.size
    record.file_revision = item.file_revision
    record.commit = item.commit
    record.content_hash = item.digest
    record.details = item.details
