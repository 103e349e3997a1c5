"""Files, imports and sources in, searchable passages out."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from src.core.agent import Agent, every, handles, on, runs
from src.core.clock import new_id
from src.core.context import Context
from src.core.errors import AppError, ConflictError, TooLargeError
from src.core.jobs import JobRun
from src.core.messages.collections import CollectionDeleted
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
    RetryDocument,
    RetryFailedDocuments,
    UploadedFile,
)
from src.core.messages.sources import (
    AcceptedSource,
    AddSource,
    DeleteSource,
    QueuedSync,
    SourceDeleted,
    SourceFailed,
    SourceState,
    SyncSource,
    SyncSourceJob,
)
from src.core.ports import Blobs, SkippedFile, SourceSpec, Vault
from src.database.models import DocumentRecord, JobRecord, SourceRecord
from src.database.uow import Database, UnitOfWork

from .imports import ImportedDocument, read_lines
from .intake import Incoming, queue, receive
from .pipeline import IngestionPipeline
from .sync import SourceSync, batches, remove

log = logging.getLogger("stoa.ingestion")

NextRun = Callable[[str, datetime], datetime]
"""When a schedule's next run is, after a given time; raises InvalidRequestError for a bad schedule."""


class IngestionAgent(Agent):
    """Stores what comes in, keeps sources up to date, and makes documents searchable."""

    name = "ingestion"

    def __init__(
        self,
        database: Database,
        blobs: Blobs,
        vault: Vault,
        pipeline: IngestionPipeline,
        sync: SourceSync,
        next_run: NextRun,
        *,
        max_file_bytes: int,
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._vault = vault
        self._pipeline = pipeline
        self._sync = sync
        self._next_run = next_run
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
        documents, rejected = read_lines(request.body, max_line_bytes=self._max_file_bytes)
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
        return AcceptedImport(job_id=job.id, accepted=len(incoming), rejected=tuple(rejected))

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

    @handles(AddSource)
    def add_source(self, request: AddSource, ctx: Context) -> AcceptedSource:
        spec = self._sync.reader(request.kind).check(
            SourceSpec(
                kind=request.kind,
                location=request.location,
                branch=request.branch,
                include=request.include or (),
                exclude=request.exclude or (),
                credential=request.credential.get_secret_value() if request.credential else None,
            )
        )
        next_run = self._next_run(request.schedule, ctx.clock.now()) if request.schedule else None
        with self._database.begin(ctx) as work:
            source = work.sources.add(
                SourceRecord(
                    id=new_id(),
                    collection_id=request.collection_id,
                    kind=spec.kind,
                    location=spec.location,
                    branch=spec.branch,
                    include=list(spec.include),
                    exclude=list(spec.exclude),
                    schedule=request.schedule,
                    credential=self._vault.seal(spec.credential) if spec.credential else None,
                    state=SourceState.NEW,
                    next_run_at=next_run,
                    counts={},
                    created_at=work.now(),
                )
            )
            work.session.flush()
            job = _enqueue_sync(work, source)
            work.commit()
            return AcceptedSource(source_id=source.id, job_id=job.id)

    @handles(SyncSource)
    def sync_source(self, request: SyncSource, ctx: Context) -> QueuedSync:
        with self._database.begin(ctx) as work:
            source = work.sources.get(request.source_id)
            # A run that nobody has begun will see everything; one that runs may have listed already.
            waiting = work.jobs.open(SyncSourceJob.kind, source_id=source.id)
            job = waiting if waiting and waiting.state == "queued" else _enqueue_sync(work, source)
            work.commit()
            return QueuedSync(source_id=source.id, job_id=job.id)

    @handles(DeleteSource)
    def delete_source(self, request: DeleteSource, ctx: Context) -> None:
        with self._database.begin(ctx) as work:
            source = work.sources.get(request.source_id)
            for document in work.documents.of_source(source.id):
                remove(work, document)
            work.session.flush()
            work.publish(SourceDeleted(collection_id=source.collection_id, source_id=source.id))
            work.sources.delete(source)
            work.commit()

    @runs(IngestDocuments)
    def ingest(self, job: IngestDocuments, run: JobRun) -> None:
        self._pipeline.run(run)

    @runs(SyncSourceJob)
    def synchronise(self, job: SyncSourceJob, run: JobRun) -> None:
        try:
            source, changes = self._sync.look(job.source_id, run)
            unread: list[SkippedFile] = []
            behind = 0
            for batch in batches(changes.files):
                # Batch by batch, so that the first files can be asked about while others are read.
                unread += self._sync.queue(source, changes, batch, run)
                behind += len(batch)
                self._pipeline.run(run, behind=behind, total=len(changes.files))
            self._sync.remove_gone(source, changes, unread, run)
            self._pipeline.run(run)
            self._sync.finish(job.source_id, changes, unread, run)
        except AppError as error:
            self._note_failure(job.source_id, error, run)
            raise

    @on(SourceDeleted)
    def forget_source(self, event: SourceDeleted, ctx: Context) -> None:
        self._sync.forget([event.source_id])

    @on(CollectionDeleted)
    def forget_collection(self, event: CollectionDeleted, ctx: Context) -> None:
        self._sync.forget(event.source_ids)

    @every(20.0)
    def sync_scheduled(self, ctx: Context) -> None:
        """Queue the sources whose time has come."""
        with self._database.begin(ctx) as work:
            for source in work.sources.due(ctx.clock.now()):
                if source.schedule is None:
                    source.next_run_at = None
                    continue
                source.next_run_at = self._next_run(source.schedule, ctx.clock.now())
                if work.jobs.open(SyncSourceJob.kind, source_id=source.id) is None:
                    _enqueue_sync(work, source)
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

    def _note_failure(self, source_id: str, error: AppError, run: JobRun) -> None:
        with self._database.begin(run.ctx) as work:
            source = work.sources.find(source_id)
            if source is None:
                return
            source.state = SourceState.FAILED
            source.error_code, source.error_detail = error.code, error.detail
            source.last_run_at = work.now()
            work.publish(
                SourceFailed(collection_id=source.collection_id, source_id=source_id, code=error.code)
            )
            work.commit()


def _enqueue_sync(work: UnitOfWork, source: SourceRecord) -> JobRecord:
    job = work.enqueue(
        SyncSourceJob(source_id=source.id), collection_id=source.collection_id, source_id=source.id
    )
    source.last_job_id = job.id
    return job


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
