"""Files and imports in, searchable passages out."""

from __future__ import annotations

import logging

from src.core.agent import Agent, handles, on, runs
from src.core.context import Context
from src.core.errors import ConflictError, TooLargeError
from src.core.jobs import JobRun, JobState
from src.core.messages.documents import (
    AcceptedDocument,
    AcceptedDocuments,
    AcceptedImport,
    AddDocuments,
    DeleteDocument,
    DocumentState,
    ImportDocuments,
    IngestDocuments,
    QueuedJob,
    RecutDocuments,
    RetryDocument,
    RetryFailedDocuments,
    UploadedFile,
)
from src.core.messages.jobs import JobFinished
from src.core.ports import Blobs
from src.database.models import DocumentRecord
from src.database.uow import Database, UnitOfWork

from .imports import ImportedDocument, read_lines
from .intake import Incoming, queue, receive
from .outcomes import abandon
from .pipeline import IngestionPipeline
from .recutting import Recutting
from .sync import remove

log = logging.getLogger("stoa.ingestion")


class IngestionAgent(Agent):
    """Stores files and imports, and makes documents searchable."""

    name = "ingestion"

    def __init__(
        self,
        database: Database,
        blobs: Blobs,
        pipeline: IngestionPipeline,
        recutting: Recutting,
        *,
        max_file_bytes: int,
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._pipeline = pipeline
        self._recutting = recutting
        self._max_file_bytes = max_file_bytes

    @handles(AddDocuments)
    def add_documents(self, request: AddDocuments, ctx: Context) -> AcceptedDocuments:
        for file in request.files:
            if len(file.content) > self._max_file_bytes:
                raise TooLargeError(
                    f"{file.name} has {len(file.content)} bytes; the limit for a file is "
                    f"{self._max_file_bytes} (STOA_MAX_FILE_BYTES)."
                )
        incoming = _named_apart([self._upload(file) for file in request.files])
        with self._database.begin(ctx) as work:
            job = work.enqueue(
                IngestDocuments(collection_id=request.collection_id), collection_id=request.collection_id
            )
            records = receive(work, request.collection_id, job.id, incoming)
            job.total = len({record.id for record in records})
            work.commit()
        items = tuple(
            AcceptedDocument(document_id=record.id, name=item.external_id)
            for record, item in zip(records, incoming, strict=True)
        )
        return AcceptedDocuments(job_id=job.id, items=items)

    @handles(ImportDocuments)
    def import_documents(self, request: ImportDocuments, ctx: Context) -> AcceptedImport:
        documents, good, rejected = read_lines(request.body, max_line_bytes=self._max_file_bytes)
        incoming = [self._imported(document) for document in documents]
        with self._database.begin(ctx) as work:
            job = work.enqueue(
                IngestDocuments(collection_id=request.collection_id), collection_id=request.collection_id
            )
            for start in range(0, len(incoming), 1000):
                receive(work, request.collection_id, job.id, incoming[start : start + 1000])
                work.session.flush()
            job.total = len(incoming)
            work.commit()
        return AcceptedImport(job_id=job.id, accepted=good, rejected=tuple(rejected))

    @handles(RetryDocument)
    def retry_document(self, request: RetryDocument, ctx: Context) -> QueuedJob:
        with self._database.begin(ctx) as work:
            record = work.documents.get(request.document_id)
            if not DocumentState(record.state).final and work.jobs.find(record.job_id or "") is not None:
                raise ConflictError("The document is being ingested at this moment; wait for its end.")
            return self._again(work, record.collection_id, [record])

    @handles(RetryFailedDocuments)
    def retry_failed(self, request: RetryFailedDocuments, ctx: Context) -> QueuedJob:
        with self._database.begin(ctx) as work:
            return self._again(
                work, request.collection_id, list(work.documents.failed(request.collection_id))
            )

    @handles(DeleteDocument)
    def delete_document(self, request: DeleteDocument, ctx: Context) -> None:
        with self._database.begin(ctx) as work:
            remove(work, work.documents.get(request.document_id))
            work.commit()

    @runs(IngestDocuments)
    def ingest(self, job: IngestDocuments, run: JobRun) -> None:
        self._pipeline.run(run)

    @runs(RecutDocuments)
    def recut(self, job: RecutDocuments, run: JobRun) -> None:
        self._recutting.carry_out(run)

    @on(JobFinished)
    def release_documents(self, event: JobFinished, ctx: Context) -> None:
        """Bring the documents that a failed or cancelled job leaves behind to a visible end."""
        if event.state is JobState.SUCCEEDED:
            return
        with self._database.begin(ctx) as work:
            last: str | None = None
            while records := work.documents.waiting(event.job_id, after=last, limit=1000):
                for record in records:
                    abandon(work, record, event.state)
                last = records[-1].id
                work.session.flush()
                work.session.expunge_all()
            work.commit()

    def _upload(self, file: UploadedFile) -> Incoming:
        return Incoming(
            external_id=file.name,
            title=file.name,
            digest=self._blobs.put(file.content),
            size=len(file.content),
            path=file.name,
            media_type=file.media_type,
        )

    def _imported(self, document: ImportedDocument) -> Incoming:
        content = document.text.encode("utf-8")
        return Incoming(
            external_id=document.external_id,
            title=document.title,
            digest=self._blobs.put(content),
            size=len(content),
            uri=document.uri,
            media_type=document.media_type or "text/plain",
            details=document.metadata,
        )

    def _again(self, work: UnitOfWork, collection_id: str, records: list[DocumentRecord]) -> QueuedJob:
        job = work.enqueue(IngestDocuments(collection_id=collection_id), collection_id=collection_id)
        for record in records:
            queue(record)
            record.job_id = job.id
            record.updated_at = work.now()
        job.total = len(records)
        work.commit()
        return QueuedJob(job_id=job.id)


def _named_apart(incoming: list[Incoming]) -> list[Incoming]:
    """Two files of one upload with the same name and other content are two documents."""
    taken: dict[str, str] = {}
    apart = []
    for item in incoming:
        name, number = item.external_id, 2
        while taken.get(name, item.digest) != item.digest:
            stem, dot, suffix = item.external_id.rpartition(".")
            name = f"{stem} ({number}).{suffix}" if dot and stem else f"{item.external_id} ({number})"
            number += 1
        taken[name] = item.digest
        apart.append(item if name == item.external_id else _renamed(item, name))
    return apart


def _renamed(item: Incoming, name: str) -> Incoming:
    return Incoming(
        external_id=name,
        title=name,
        digest=item.digest,
        size=item.size,
        path=name,
        media_type=item.media_type,
    )
