"""Keeps the vector and lexical stores true to SQL: removals, checks, repairs and rebuilds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from src.core.agent import Agent, every, handles, on, runs
from src.core.context import Context
from src.core.errors import (
    ConflictError,
    FieldProblem,
    InvalidRequestError,
    NotFoundError,
    UnavailableError,
)
from src.core.jobs import JobRun
from src.core.messages import Page
from src.core.messages.collections import CollectionDeleted
from src.core.messages.documents import PassagesRemoved
from src.core.messages.indexes import (
    CheckIndexes,
    CheckReport,
    IndexSwitched,
    IndexVersions,
    ListIndexVersions,
    ListUncutDocuments,
    QueuedRebuild,
    RebuildIndexes,
    RebuildIndexesJob,
    RepairIndexesJob,
    ReturnIndex,
    UncutDocument,
)
from src.core.ports import Blobs
from src.database.models import CollectionRecord, EmbeddingRecord, IndexRecord
from src.database.uow import Database, Work
from src.services.embeddings.versions import Embedders
from src.services.indexing import IndexWriter, Making
from src.services.indexing.switching import switch

from .building import IndexBuilder
from .comparison import report
from .keeping import Keeping, abandoned, forget_cutting, forgettable, is_left
from .listing import IndexListing

CONFIGURED = "configured"
_GRACE_S = 60.0


class IndexingAgent(Agent):
    """Removes from the indexes what left SQL, compares the two, and rebuilds beside the live index."""

    name = "indexing"

    def __init__(
        self,
        database: Database,
        blobs: Blobs,
        embedders: Embedders,
        writer: IndexWriter,
        builder: IndexBuilder,
        listing: IndexListing,
        *,
        keeping: Keeping,
        forget: Callable[[EmbeddingRecord], None],
    ) -> None:
        """``forget`` removes what this machine keeps of a trained embedding model."""
        self._database = database
        self._blobs = blobs
        self._embedders = embedders
        self._writer = writer
        self._builder = builder
        self._listing = listing
        self._keeping = keeping
        self._forget = forget

    @on(PassagesRemoved)
    def forget_passages(self, event: PassagesRemoved, ctx: Context) -> None:
        with self._database.read() as work:
            indexes = [record.id for record in work.indexes.written(event.collection_id)]
            # A passage that came back (the same bytes were added again) must stay, also where the indexes
            # have it already and SQL is about to switch to it.
            back = work.passages.known(event.passage_ids)
        self._writer.remove(indexes, [key for key in event.passage_ids if key not in back])

    @on(CollectionDeleted)
    def forget_collection(self, event: CollectionDeleted, ctx: Context) -> None:
        for index in event.indexes:
            self._writer.drop(index)

    @on(IndexSwitched)
    def drop_retired(self, event: IndexSwitched, ctx: Context) -> None:
        self._drop(event.retired, ctx)

    @handles(CheckIndexes)
    def check(self, request: CheckIndexes, ctx: Context) -> CheckReport:
        stored = self._writer.indexes()
        with self._database.read() as work:
            collections = (
                [work.collections.get(request.collection_id)]
                if request.collection_id
                else list(work.collections.all())
            )
            known = work.indexes.known()
            digests = work.documents.blobs(request.collection_id)
        reports = tuple(report(self._database, self._writer, collection) for collection in collections)
        orphans = tuple(sorted(stored - known)) if request.collection_id is None else ()
        missing = tuple(sorted(digest for digest in digests if not self._blobs.has(digest)))
        sound = all(item.sound for item in reports) and not orphans and not missing
        return CheckReport(sound=sound, collections=reports, orphans=orphans, missing_blobs=missing)

    @handles(RebuildIndexes)
    def rebuild(self, request: RebuildIndexes, ctx: Context) -> QueuedRebuild:
        version = request.embedding_version
        if version == CONFIGURED:
            version = self._embedders.current.version
        if version is not None:
            try:
                self._embedders.of(version)
            except UnavailableError as error:
                if isinstance(error.__cause__, NotFoundError):  # nothing was ever indexed with it
                    raise InvalidRequestError(
                        error.detail, fields=(FieldProblem("embedding_version", error.detail),)
                    ) from error
                raise
        with self._database.begin(ctx) as work:
            if request.collection_id is not None:
                work.collections.get(request.collection_id)
            job = work.enqueue(
                RebuildIndexesJob(collection_id=request.collection_id, embedding_version=version),
                collection_id=request.collection_id,
            )
            work.commit()
            return QueuedRebuild(job_id=job.id)

    @handles(ListIndexVersions)
    def versions(self, request: ListIndexVersions, ctx: Context) -> IndexVersions:
        with self._database.read() as work:
            return self._listing.of(work, work.collections.get(request.collection_id))

    @handles(ListUncutDocuments)
    def uncut(self, request: ListUncutDocuments, ctx: Context) -> Page[UncutDocument]:
        with self._database.read() as work:
            return self._listing.uncut(work, request)

    @handles(ReturnIndex)
    def return_(self, request: ReturnIndex, ctx: Context) -> IndexVersions:
        with self._database.begin(ctx) as work:
            work.collections.hold(request.collection_id, alone=True)
            collection = work.collections.get(request.collection_id)
            standby, model = self._standby(work, request), work.models.live(collection.id)
            if model is not None and not (
                model.embedding_version in (None, standby.embedding_version)
                and model.cutting in (None, standby.cutting)
            ):
                raise ConflictError(
                    f"The live model, version {model.version}, ranks this index; return from the model."
                )
            switch(work, standby)
            self._want(collection, standby.embedding_version)
            work.commit()
        # Counting what the stores hold takes its time: the switch does not wait for it.
        with self._database.read() as reading:
            return self._listing.of(reading, reading.collections.get(request.collection_id))

    def _standby(self, work: Work, request: ReturnIndex) -> IndexRecord:
        if request.index_id is None:
            newest = work.indexes.standby(request.collection_id)
            if newest is None:
                raise ConflictError("There is no index to return to: none was switched lately.")
            return newest
        found = work.indexes.get(request.index_id)
        if found.collection_id != request.collection_id:
            raise NotFoundError(f"There is no index {request.index_id} of this collection.")
        if found.state != "standby":
            raise ConflictError(f"The index is {found.state}; only one on standby can be switched to.")
        return found

    @runs(RebuildIndexesJob)
    def carry_out_rebuild(self, job: RebuildIndexesJob, run: JobRun) -> None:
        with self._database.read() as work:
            collections = (
                [work.collections.get(job.collection_id)]
                if job.collection_id
                else list(work.collections.all())
            )
        for collection in collections:
            wanted = self._writer.wanted(collection)
            version = job.embedding_version or wanted.embedding_version
            if job.embedding_version is not None and job.switch:
                with self._database.begin(run.ctx) as writing:
                    self._want(writing.collections.get(collection.id), version)
                    writing.commit()
            making = Making(version, job.cutting or wanted.cutting)
            self._builder.build(collection, making, run, switching=job.switch)

    @runs(RepairIndexesJob)
    def repair(self, job: RepairIndexesJob, run: JobRun) -> None:
        """Close small gaps in the indexes; drop what no collection owns; build anew what is outdated."""
        # Looked at first: an index is in SQL before it is in the stores.
        stored = self._writer.indexes()
        with self._database.read() as work:
            wanted = {each.id: (each, self._writer.wanted(each)) for each in work.collections.all()}
            live = work.indexes.in_state("live")
            kept = [*live, *work.indexes.in_state("standby")]
            known = work.indexes.known()
        for orphan in stored - known:
            self._writer.drop(orphan)
        for done, index in enumerate(kept):
            run.progress(stage="repairing", done=done, total=len(kept))
            if self._writer.writable(index):
                self._builder.mend(index, run)
        run.progress(stage="repairing", done=len(kept), total=len(kept))
        current = {
            index.collection_id
            for index in live
            if index.collection_id in wanted and self._writer.current(index, wanted[index.collection_id][1])
        }
        for collection, making in wanted.values():
            if collection.id not in current:
                self._builder.build(collection, making, run)

    @every(300.0)
    def expire(self, ctx: Context) -> None:
        """Drop the indexes that were kept long enough or are built by nobody, and those whose retirement was
        cut short."""
        now = self._database.clock.now()
        with self._database.begin(ctx) as work:
            for index in (*self._keeping.outlived(work, now), *abandoned(work, now)):
                index.state, index.switched_at = "retired", now
            work.commit()
        with self._database.read() as reading:
            gone = [
                index
                for index in reading.indexes.in_state("retired")
                if now - (index.switched_at or index.created_at) >= timedelta(seconds=_GRACE_S)
            ]
        left = {(index.collection_id, index.cutting) for index in gone}
        self._drop([index.id for index in gone], ctx)
        with self._database.read() as reading:
            known = sorted(left.union(reading.cuts.held()))
            forgotten = [named for named in known if is_left(reading, *named)]
        for collection_id, cutting in forgotten:
            with self._database.begin(ctx) as work:
                forget_cutting(work, collection_id, cutting)
                work.commit()

    def _drop(self, indexes: Sequence[str], ctx: Context) -> None:
        for index in indexes:
            self._writer.drop(index)
        with self._database.begin(ctx) as work:
            for index in indexes:
                record = work.indexes.find(index)
                if record is not None:
                    work.indexes.delete(record)
            work.commit()

    def _want(self, collection: CollectionRecord, version: str) -> None:
        """The configured version is wanted by not naming one, so that a change of it is followed."""
        own = version if version != self._embedders.current.version else None
        collection.embedding_version = own

    @every(900.0)
    def sweep(self, ctx: Context) -> None:
        """Remove stored bytes, tuned models and cached vectors that nothing refers to any more. Bytes that
        came in during the last hour stay: the document they belong to may be about to be stored."""
        with self._database.begin(ctx) as forgetting:
            for record in forgettable(forgetting, self._database.clock.now()):
                self._forget(record)
                forgetting.embeddings.delete(record)
            forgetting.commit()
        with self._database.read() as work:
            wanted = work.documents.blobs() | work.models.artefacts() | work.embeddings.artefacts()
        for digest in self._blobs.unwanted_since(3600.0):
            if digest not in wanted:
                self._blobs.delete(digest)
        self._blobs.sweep()
        with self._database.begin(ctx) as writing:
            writing.vectors.drop_unused(5000)
            writing.embeddings.drop_stale_vectors(self._embedders.current.version, limit=5000)
            writing.commit()
