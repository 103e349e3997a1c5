"""Sources: added, kept up to date by hand or by schedule, and removed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from src.core.agent import Agent, every, handles, on, runs
from src.core.caller import Caller
from src.core.clock import new_id
from src.core.context import Context
from src.core.errors import AppError, FieldProblem, ForbiddenError, SourceError, UnreachableError
from src.core.jobs import JobRun, JobState
from src.core.messages.collections import CollectionDeleted
from src.core.messages.jobs import JobFinished
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
from src.core.ports import SkippedFile, SourceSpec, Vault
from src.database.models import JobRecord, SourceRecord
from src.database.repositories.base import chunks
from src.database.uow import Database, UnitOfWork

from .pipeline import IngestionPipeline
from .sync import REMOVED_AT_ONCE, SourceSync, remove

NextRun = Callable[[str, datetime], datetime]
"""When a schedule's next run is, after a given time; raises InvalidRequestError for a bad schedule."""


_FIELDS = {
    "unknown_kind": "kind",
    "bad_location": "location",
    "outside_roots": "location",
    "no_such_folder": "location",
    "not_a_repository": "location",
    "empty_repository": "location",
    "unreachable": "location",
    "no_such_branch": "branch",
    "bad_credential": "credential",
    "authentication_failed": "credential",
}
"""The field of a new source that each refusal is about."""


class SourcesAgent(Agent):
    """Keeps collections up to date with repositories and folders."""

    name = "sources"

    def __init__(
        self,
        database: Database,
        vault: Vault,
        pipeline: IngestionPipeline,
        sync: SourceSync,
        next_run: NextRun,
    ) -> None:
        self._database = database
        self._vault = vault
        self._pipeline = pipeline
        self._sync = sync
        self._next_run = next_run

    @handles(AddSource)
    def add_source(self, request: AddSource, ctx: Context) -> AcceptedSource:
        _refuse_path(request.location.strip(), ctx.caller)
        spec = self._checked(
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
        with self._database.read() as look:
            known = [document.id for document in look.documents.of_source(request.source_id)]
        for part in chunks(known, REMOVED_AT_ONCE):
            with self._database.begin(ctx) as work:
                for document in work.documents.some(part):
                    remove(work, document)
                work.commit()
        with self._database.begin(ctx) as work:
            source = work.sources.get(request.source_id)
            # What a run of the source has brought in meanwhile.
            for document in work.documents.of_source(source.id):
                remove(work, document)
            work.session.flush()
            work.publish(SourceDeleted(collection_id=source.collection_id, source_id=source.id))
            work.sources.delete(source)
            work.commit()

    @runs(SyncSourceJob)
    def synchronise(self, job: SyncSourceJob, run: JobRun) -> None:
        try:
            source, changes = self._sync.look(job.source_id, run)
            unread: list[SkippedFile] = []
            intake = self._sync.intake(source, changes, unread, run)
            self._pipeline.run(run, intake, files=len(changes.files))
            self._sync.remove_gone(source, changes, unread, run)
            self._sync.finish(job.source_id, changes, unread, run)
        except UnreachableError:
            raise  # it is tried again; ``note_end`` tells if that ends without success
        except AppError as error:
            self._note_failure(job.source_id, error, run)
            raise

    @on(JobFinished)
    def note_end(self, event: JobFinished, ctx: Context) -> None:
        """Show that a run was cancelled or given up: it could not say so itself."""
        if event.kind != SyncSourceJob.kind or event.state is JobState.SUCCEEDED:
            return
        with self._database.begin(ctx) as work:
            job = work.jobs.find(event.job_id)
            source = work.sources.find(job.source_id or "") if job else None
            if job is None or source is None or source.last_job_id != job.id:
                return
            if source.state in {SourceState.NEW, SourceState.SYNCING}:
                if event.state is JobState.CANCELLED:
                    _fail(work, source, "cancelled", "The run was cancelled; sync the source again.")
                else:
                    _fail(work, source, job.error_code or "internal", job.error_detail or "The run failed.")
                work.commit()

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

    def _checked(self, spec: SourceSpec) -> SourceSpec:
        """The source as its reader takes it; a refusal names the field that it is about."""
        try:
            return self._sync.reader(spec.kind).check(spec)
        except SourceError as error:
            field = _FIELDS.get(error.code)
            if field is None:
                raise
            fields = (FieldProblem(field, error.detail),)
            raise SourceError(error.code, error.detail, fields=fields) from error

    def _note_failure(self, source_id: str, error: AppError, run: JobRun) -> None:
        with self._database.begin(run.ctx) as work:
            source = work.sources.find(source_id)
            if source is None:
                return
            _fail(work, source, error.code, error.detail)
            work.commit()


def _refuse_path(location: str, caller: Caller) -> None:
    """The server's own folders are an administrator's to give away, whoever owns the collection."""
    if location.lower().startswith(("/", "file:")) and not caller.administers:
        raise ForbiddenError("Only an administrator may add what lies on the server itself; use a URL.")


def _fail(work: UnitOfWork, source: SourceRecord, code: str, detail: str) -> None:
    source.state = SourceState.FAILED
    source.error_code, source.error_detail = code, detail
    source.last_run_at = work.now()
    work.publish(SourceFailed(collection_id=source.collection_id, source_id=source.id, code=code))


def _enqueue_sync(work: UnitOfWork, source: SourceRecord) -> JobRecord:
    job = work.enqueue(
        SyncSourceJob(source_id=source.id), collection_id=source.collection_id, source_id=source.id
    )
    source.last_job_id = job.id
    return job
