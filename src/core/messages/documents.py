"""Documents: adding, watching, reading and removing them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from pydantic import Field

from src.core.passages import Location, PassageKind

from .base import Access, Event, Id, JobSpec, Message, Page, Reply, Request, Target, Text
from .lists import Cursor, Limit


class DocumentState(StrEnum):
    """Where a document is: in the queue, in a stage, or at one of four ends."""

    QUEUED = "queued"
    PARSING = "parsing"
    CHUNKING = "chunking"
    EMBEDDING = "embedding"
    INDEXED = "indexed"
    FAILED = "failed"
    SKIPPED = "skipped"
    QUARANTINED = "quarantined"

    @property
    def final(self) -> bool:
        return self in FINAL_STATES


FINAL_STATES = frozenset(
    {DocumentState.INDEXED, DocumentState.FAILED, DocumentState.SKIPPED, DocumentState.QUARANTINED}
)


class DocumentFailure(Reply):
    """Why a document is not indexed, or not in its newest version."""

    stage: str
    code: str
    detail: str
    attempts: int
    retryable: bool = True


class Document(Reply):
    """A document as a list shows it. ``uri`` is where its original is; ``searchable`` is True where
    some version of it can be asked about, also while a newer one is on its way."""

    id: str
    collection_id: str
    source_id: str | None
    external_id: str
    title: str
    uri: str | None
    path: str | None
    media_type: str | None
    format: str | None
    size: int
    commit: str | None
    state: DocumentState
    error: DocumentFailure | None = None
    notices: tuple[str, ...] = ()
    metadata: dict[str, Any] = {}
    passages: int
    searchable: bool
    created_at: datetime
    updated_at: datetime
    indexed_at: datetime | None


class UploadedFile(Message):
    """A file as it came in."""

    name: Text = Field(max_length=1024)
    media_type: Text | None = Field(None, max_length=200)
    content: bytes = Field(repr=False)


class AcceptedDocument(Reply):
    """A document that was stored and queued."""

    document_id: str
    name: str


class AcceptedDocuments(Reply):
    """The job that ingests what was stored; it is durable when this is sent."""

    job_id: str
    items: tuple[AcceptedDocument, ...]


class AddDocuments(Request[AcceptedDocuments]):
    """Store files and queue them for ingestion. A file with the name of an earlier upload replaces it."""

    capability: ClassVar[str] = "document.add"
    access: ClassVar[Access] = Access.write(Target.COLLECTION, "collection_id")
    deadline_s: ClassVar[float | None] = 300.0
    collection_id: Id
    files: tuple[UploadedFile, ...] = Field(min_length=1, max_length=10_000)


class RejectedLine(Reply):
    """A line of an import that was not taken. Lines count from 1."""

    line: int
    code: str
    detail: str


class AcceptedImport(Reply):
    """What became of an import's lines."""

    job_id: str
    accepted: int
    rejected: tuple[RejectedLine, ...]


class ImportDocuments(Request[AcceptedImport]):
    """Store documents given as lines of JSON (NDJSON) and queue them. The same `external_id` again
    replaces the document."""

    capability: ClassVar[str] = "document.import"
    access: ClassVar[Access] = Access.write(Target.COLLECTION, "collection_id")
    deadline_s: ClassVar[float | None] = 600.0
    collection_id: Id
    body: bytes = Field(repr=False)


class ListDocuments(Request[Page[Document]]):
    """The documents of a collection, newest change first; by state, source or part of the title where
    that is given."""

    capability: ClassVar[str] = "document.list"
    access: ClassVar[Access] = Access.read(Target.COLLECTION, "collection_id")
    collection_id: Id
    state: DocumentState | None = None
    source_id: Id | None = None
    text: Text | None = Field(None, max_length=200)
    limit: Limit = 50
    cursor: Cursor = None


class GetDocument(Request[Document]):
    """One document."""

    capability: ClassVar[str] = "document.get"
    access: ClassVar[Access] = Access.read(Target.DOCUMENT, "document_id")
    document_id: Id


class Passage(Reply):
    """A passage as it is shown and cited."""

    id: str
    document_id: str
    ordinal: int
    kind: PassageKind
    symbol: str | None
    context: str
    text: str
    location: Location
    attributes: dict[str, Any] = {}


class ListPassages(Request[Page[Passage]]):
    """The passages of a document in reading order."""

    capability: ClassVar[str] = "document.passages"
    access: ClassVar[Access] = Access.read(Target.DOCUMENT, "document_id")
    document_id: Id
    limit: Limit = 100
    cursor: Cursor = None


class DocumentText(Reply):
    """The text of a document for the viewer: the original where it is text, else what was extracted.
    ``marked`` is the location to show, its lines counted in this text; ``newer`` is True where the
    document has changed since the marked passage was taken from it."""

    document: Document
    text: str
    language: str | None
    extracted: bool
    marked: Location | None
    passage_id: str | None
    commit: str | None
    newer: bool


class ReadDocument(Request[DocumentText]):
    """The whole text of a document with one passage marked. For a citation of an older version give
    its `answer_id` and `marker`: the text is then that version's."""

    capability: ClassVar[str] = "document.read"
    access: ClassVar[Access] = Access.read(Target.DOCUMENT, "document_id")
    document_id: Id
    passage_id: Id | None = None
    answer_id: Id | None = None
    marker: Text | None = Field(None, max_length=16)


class DeleteDocument(Request[None]):
    """Remove a document and everything made from it."""

    capability: ClassVar[str] = "document.delete"
    access: ClassVar[Access] = Access.write(Target.DOCUMENT, "document_id")
    document_id: Id


class QueuedJob(Reply):
    """Work that was queued and will be done."""

    job_id: str


class RetryDocument(Request[QueuedJob]):
    """Ingest a document again from its stored original."""

    capability: ClassVar[str] = "document.retry"
    access: ClassVar[Access] = Access.write(Target.DOCUMENT, "document_id")
    document_id: Id


class RetryFailedDocuments(Request[QueuedJob]):
    """Ingest every failed document of a collection again."""

    capability: ClassVar[str] = "document.retry_failed"
    access: ClassVar[Access] = Access.write(Target.COLLECTION, "collection_id")
    collection_id: Id


class IngestDocuments(JobSpec):
    """Bring every queued document of this job to its end."""

    kind: ClassVar[str] = "ingest"
    collection_id: str


class RecutDocuments(JobSpec):
    """Queue the documents that another parser, or one with other settings, has cut into passages."""

    kind: ClassVar[str] = "recut"


class DocumentIndexed(Event):
    """A version of a document can be asked about."""

    topic: ClassVar[str] = "document.indexed.v1"
    collection_id: str
    document_id: str
    content_hash: str
    passages: int

    def ordering_key(self) -> str | None:
        return self.document_id


class DocumentFailed(Event):
    """A document could not be ingested."""

    topic: ClassVar[str] = "document.failed.v1"
    collection_id: str
    document_id: str
    stage: str
    code: str

    def ordering_key(self) -> str | None:
        return self.document_id


class DocumentSkipped(Event):
    """A document is left out: it is of a kind that Stoa does not read."""

    topic: ClassVar[str] = "document.skipped.v1"
    collection_id: str
    document_id: str
    code: str

    def ordering_key(self) -> str | None:
        return self.document_id


class PassagesRemoved(Event):
    """Passages are gone from SQL (a document was deleted or replaced) and must leave the indexes."""

    topic: ClassVar[str] = "passages.removed.v1"
    collection_id: str
    document_id: str
    passage_ids: tuple[str, ...]

    def ordering_key(self) -> str | None:
        return self.document_id
