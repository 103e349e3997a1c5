"""Keeps the vector and lexical stores true to SQL: removals, checks, repairs and rebuilds."""

from __future__ import annotations

import logging

from src.core.agent import Agent, every, handles, on, runs
from src.core.context import Context
from src.core.jobs import JobRun
from src.core.messages.collections import CollectionDeleted
from src.core.messages.documents import PassagesRemoved
from src.core.messages.indexes import (
    CheckIndexes,
    CheckReport,
    IndexSwitched,
    QueuedRebuild,
    RebuildIndexes,
    RebuildIndexesJob,
    RepairIndexesJob,
)
from src.core.ports import Blobs
from src.database.models import CollectionRecord, IndexRecord
from src.database.uow import Database
from src.services.indexing import IndexWriter

from .comparison import compare, report
from .rebuild import IndexFiller

log = logging.getLogger("stoa.indexing")


class IndexingAgent(Agent):
    """Removes from the indexes what left SQL, compares the two, and rebuilds beside the live index."""

    name = "indexing"

    def __init__(self, database: Database, blobs: Blobs, writer: IndexWriter, filler: IndexFiller) -> None:
        self._database = database
        self._blobs = blobs
        self._writer = writer
        self._filler = filler

    @on(PassagesRemoved)
    def forget_passages(self, event: PassagesRemoved, ctx: Context) -> None:
        with self._database.read() as work:
            indexes = [record.id for record in work.indexes.written(event.collection_id)]
            # A passage that came back (the same bytes were added again) must stay.
            back = set(work.passages.with_documents(event.passage_ids))
        self._writer.remove(indexes, [key for key in event.passage_ids if key not in back])

    @on(CollectionDeleted)
    def forget_collection(self, event: CollectionDeleted, ctx: Context) -> None:
        for index in event.indexes:
            self._writer.drop(index)

    @on(IndexSwitched)
    def drop_retired(self, event: IndexSwitched, ctx: Context) -> None:
        for index in event.retired:
            self._writer.drop(index)
        with self._database.begin(ctx) as work:
            for index in event.retired:
                record = work.indexes.find(index)
                if record is not None:
                    work.indexes.delete(record)
            work.commit()

    @handles(CheckIndexes)
    def check(self, request: CheckIndexes, ctx: Context) -> CheckReport:
        with self._database.read() as work:
            collections = (
                [work.collections.get(request.collection_id)]
                if request.collection_id
                else list(work.collections.all())
            )
            known = work.indexes.known()
            digests = work.documents.blobs(request.collection_id)
        reports = tuple(report(self._database, self._writer, collection) for collection in collections)
        orphans = tuple(sorted(self._writer.indexes() - known)) if request.collection_id is None else ()
        missing = tuple(sorted(digest for digest in digests if not self._blobs.has(digest)))
        sound = all(item.sound for item in reports) and not orphans and not missing
        return CheckReport(sound=sound, collections=reports, orphans=orphans, missing_blobs=missing)

    @handles(RebuildIndexes)
    def rebuild(self, request: RebuildIndexes, ctx: Context) -> QueuedRebuild:
        with self._database.begin(ctx) as work:
            if request.collection_id is not None:
                work.collections.get(request.collection_id)
            job = work.enqueue(
                RebuildIndexesJob(collection_id=request.collection_id), collection_id=request.collection_id
            )
            work.commit()
            return QueuedRebuild(job_id=job.id)

    @runs(RebuildIndexesJob)
    def carry_out_rebuild(self, job: RebuildIndexesJob, run: JobRun) -> None:
        with self._database.read() as work:
            collections = (
                [work.collections.get(job.collection_id)]
                if job.collection_id
                else list(work.collections.all())
            )
        for collection in collections:
            self._rebuild(collection, run)

    @runs(RepairIndexesJob)
    def repair(self, job: RepairIndexesJob, run: JobRun) -> None:
        """Close small gaps in the live indexes; drop what no collection owns; rebuild what is outdated."""
        with self._database.read() as work:
            collections = list(work.collections.all())
            live = work.indexes.in_state("live")
            known = work.indexes.known()
        for orphan in self._writer.indexes() - known:
            self._writer.drop(orphan)
        for done, index in enumerate(live):
            run.progress(stage="repairing", done=done, total=len(live))
            if self._writer.current(index):
                self._mend(index, run)
        with_current = {index.collection_id for index in live if self._writer.current(index)}
        for collection in collections:
            if collection.id not in with_current:
                self._rebuild(collection, run)

    def _rebuild(self, collection: CollectionRecord, run: JobRun) -> None:
        """Build beside the live index; what is ingested meanwhile goes into both."""
        building = self._building(collection, run)
        self._writer.create(building.id)
        run.reached("new index made")
        with self._database.read() as work:
            total = len(work.passages.live_ids(collection.id))
        self._filler.fill(building.id, collection.id, run, total=total)
        self._mend(building, run)
        run.reached("new index filled")
        with self._database.begin(run.ctx) as work:
            record = work.indexes.get(building.id)
            retired = [index for index in work.indexes.of(collection.id) if index.id != building.id]
            for index in retired:
                index.state = "retired"
            record.state, record.switched_at = "live", work.now()
            work.publish(
                IndexSwitched(
                    collection_id=collection.id,
                    index_id=record.id,
                    retired=tuple(index.id for index in retired),
                )
            )
            work.commit()
        run.reached("switched")

    def _building(self, collection: CollectionRecord, run: JobRun) -> IndexRecord:
        """The index that an interrupted rebuild had begun, or a new one."""
        with self._database.begin(run.ctx) as work:
            work.collections.hold(collection.id, alone=True)
            for index in work.indexes.of(collection.id):
                if index.state == "building" and self._writer.current(index):
                    return index
            index = self._writer.plan(work, collection.id, "building")
            work.commit()
            return index

    def _mend(self, index: IndexRecord, run: JobRun) -> None:
        _, difference = compare(self._database, self._writer, index)
        if difference.sound:
            return
        log.info(
            "index %s: adding %d, removing %d",
            index.id,
            len(difference.missing_vectors | difference.missing_entries),
            len(difference.stray_vectors | difference.stray_entries),
        )
        self._writer.create(index.id)
        self._filler.add(index.id, difference.missing_vectors | difference.missing_entries, run)
        with self._database.read() as work:
            # Ingestion writes the indexes first and then makes its passages live.
            still = work.passages.wanted_ids(index.collection_id)
        strays = (difference.stray_vectors | difference.stray_entries) - still
        self._writer.remove([index.id], sorted(strays))

    @every(900.0)
    def sweep(self, ctx: Context) -> None:
        """Remove stored bytes and cached vectors that nothing refers to any more. Bytes that came in
        during the last hour stay: the document they belong to may be about to be stored."""
        with self._database.read() as work:
            wanted = work.documents.blobs() | work.models.artefacts()
        for digest in self._blobs.unwanted_since(3600.0):
            if digest not in wanted:
                self._blobs.delete(digest)
        self._blobs.sweep()
        with self._database.begin(ctx) as writing:
            writing.vectors.drop_unused(5000)
            writing.commit()
