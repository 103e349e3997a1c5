"""Brings a collection up to date with a source: only what changed is fetched and ingested."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from datetime import datetime

from src.core.errors import AppError, SourceError
from src.core.jobs import JobRun
from src.core.messages.documents import DocumentState, PassagesRemoved
from src.core.messages.sources import SourceCounts, SourceState, SourceSynced
from src.core.ports import Blobs, SkippedFile, SourceChanges, SourceFile, SourceReader, SourceSpec, Vault
from src.database.models import DocumentRecord, SourceRecord
from src.database.repositories.base import chunks
from src.database.repositories.forgetting import mark_learned_from
from src.database.uow import Database, UnitOfWork

from .intake import Incoming, external_digest, receive
from .outcomes import abandoned
from .reach import Intake
from .renames import follow, vacating_first, web_address

log = logging.getLogger("stoa.ingestion")

BATCH_FILES = 100
BATCH_BYTES = 16 * 2**20
REMOVED_AT_ONCE = 20
"""Documents that go in one transaction: each takes some milliseconds, and others write meanwhile."""
BEGUN = "begun"
"""Beside a source's counts: the revision that a run has begun to bring in and has not finished."""


class SourceSync:
    """Lists a source and queues what changed; every step can be repeated after a kill."""

    def __init__(
        self, database: Database, blobs: Blobs, vault: Vault, readers: dict[str, SourceReader]
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._vault = vault
        self._readers = readers

    def reader(self, kind: str) -> SourceReader:
        """Raise SourceError for a kind that nobody reads."""
        try:
            return self._readers[kind]
        except KeyError:
            known = ", ".join(sorted(self._readers))
            raise SourceError("unknown_kind", f"There is no source of kind {kind!r}; use {known}.") from None

    def forget(self, source_ids: Sequence[str]) -> None:
        """Remove what the readers keep of sources that are gone."""
        for reader in self._readers.values():
            for source_id in source_ids:
                reader.remove(source_id)

    def look(self, source_id: str, run: JobRun) -> tuple[SourceRecord, SourceChanges]:
        """Fetch and list what changed since the last run that ended well. Raises SourceError."""
        with self._database.begin(run.ctx) as work:
            source = work.sources.get(source_id)
            source.state = SourceState.SYNCING
            begun = source.counts.get(BEGUN)
            if source.counts.get("job_id") != run.job.id:
                # What this job counted before it was cut short stays counted.
                source.counts = {**SourceCounts().model_dump(), "job_id": run.job.id, BEGUN: begun}
            work.commit()
        run.progress(stage="reading the source", done=0, total=None)
        changes = self._changes(source, source.revision, run)
        if begun not in {None, changes.revision} and not changes.complete:
            # Of what a run that was cut short brought in the difference to today's revision knows nothing.
            changes = self._changes(source, None, run)
        with self._database.begin(run.ctx) as work:
            source = work.sources.get(source_id)
            source.counts = {**source.counts, BEGUN: changes.revision}
            work.commit()
        run.reached("source listed")
        return source, changes

    def finish(
        self, source_id: str, changes: SourceChanges, unread: Sequence[SkippedFile], run: JobRun
    ) -> None:
        """Note the revision, so that the next run starts from it."""
        skipped = (*changes.skipped, *unread)
        with self._database.begin(run.ctx) as work:
            source = work.sources.get(source_id)
            if changes.complete:
                work.skipped_files.clear(source_id)
            else:
                gone = [*changes.deleted, *(file.path for file in changes.files)]
                gone += (file.previous_path for file in changes.files if file.previous_path)
                work.skipped_files.forget(source_id, gone)
            work.skipped_files.note(source_id, skipped)
            work.session.flush()
            documents = work.documents.of_source(source_id)
            began = work.jobs.get(run.job.id).started_at or work.now()
            taken = [document for document in documents if _ingested(document, run.job.id, began)]
            added = sum(document.created_at >= began for document in taken)
            # Renames and deletions were counted in the commits that made them.
            counts = SourceCounts.model_validate(source.counts)
            counts = counts.model_copy(
                update={
                    "files": len(documents),
                    "added": added,
                    "changed": max(0, len(taken) - added - counts.renamed),
                    "unchanged": len(documents) - len(taken),
                    "skipped": work.skipped_files.count(source_id),
                }
            )
            # Files that could not be read must be looked at again: no new starting point then.
            source.revision = source.revision if unread else changes.revision
            source.state = SourceState.READY
            source.error_code = source.error_detail = None
            source.last_run_at = work.now()
            source.counts = {**counts.model_dump(), BEGUN: changes.revision if unread else None}
            work.publish(
                SourceSynced(
                    collection_id=source.collection_id,
                    source_id=source_id,
                    revision=changes.revision,
                    counts=counts,
                )
            )
            work.commit()

    def _changes(self, source: SourceRecord, since: str | None, run: JobRun) -> SourceChanges:
        return self.reader(source.kind).changes(
            self._spec(source),
            source_id=source.id,
            since=since,
            report=lambda text: run.progress(stage=text, done=0, total=None),
        )

    def _spec(self, source: SourceRecord) -> SourceSpec:
        return SourceSpec(
            kind=source.kind,
            location=source.location,
            branch=source.branch,
            include=tuple(source.include),
            exclude=tuple(source.exclude),
            credential=self._vault.open(source.credential) if source.credential else None,
        )

    def intake(
        self, source: SourceRecord, changes: SourceChanges, unread: list[SkippedFile], run: JobRun
    ) -> Intake:
        """Queue the changed files batch by batch, so that the first can be asked about while others are
        read; those that cannot be read are added to ``unread``."""
        files = 0
        for batch in _batches(changes.files):
            unread += self._queue(source, changes, batch, run)
            files += len(batch)
            yield files

    def _queue(
        self,
        source: SourceRecord,
        changes: SourceChanges,
        batch: Sequence[SourceFile],
        run: JobRun,
    ) -> list[SkippedFile]:
        """Store the changed files of a batch and have them wait for this job; returns those that could
        not be read."""
        with self._database.begin(run.ctx) as work:
            moved = follow(work, source, changes.revision, batch, run.job.id)
            _count(work, source.id, "renamed", moved)
            work.commit()
        with self._database.read() as look:
            known = look.documents.by_external(
                source.collection_id, [external_digest(source.id, file.path) for file in batch]
            )
        incoming, unread = [], []
        for file in batch:
            document = known.get(external_digest(source.id, file.path))
            if document is not None and _settled(document, file.revision, run.job.id):
                continue
            try:
                content = file.read()
            except (AppError, OSError) as error:
                detail = error.detail if isinstance(error, AppError) else str(error)
                unread.append(SkippedFile(file.path, "unreadable", detail, unseen=True))
                continue
            digest = self._blobs.put(content)
            incoming.append(
                Incoming(
                    external_id=file.path,
                    title=file.path,
                    digest=digest,
                    size=len(content),
                    uri=web_address(source, changes.revision, file.path),
                    path=file.path,
                    source_id=source.id,
                    file_revision=file.revision,
                    commit=changes.revision if source.kind == "git" else None,
                )
            )
        if incoming:
            with self._database.begin(run.ctx) as writing:
                receive(writing, source.collection_id, run.job.id, incoming)
                writing.commit()
        run.reached("files queued")
        return unread

    def remove_gone(
        self, source: SourceRecord, changes: SourceChanges, unread: Sequence[SkippedFile], run: JobRun
    ) -> None:
        """Remove the documents whose files are gone, or are left out now."""
        present = {file.path for file in changes.files}
        unseen = {file.path for file in (*changes.skipped, *unread) if file.unseen}
        skipped = {file.path for file in changes.skipped} - unseen
        # A rename that could not be followed leaves its old path behind.
        deleted = {*changes.deleted, *(file.previous_path for file in changes.files)} - present

        def is_gone(path: str) -> bool:
            gone = path not in present if changes.complete else path in deleted
            return path in skipped or (gone and not _within(path, unseen))

        with self._database.read() as look:
            documents = [each.id for each in look.documents.of_source(source.id) if is_gone(each.path or "")]
        for part in chunks(documents, REMOVED_AT_ONCE):
            with self._database.begin(run.ctx) as work:
                for document in work.documents.some(part):
                    remove(work, document)
                _count(work, source.id, "deleted", len(part))
                work.commit()
            run.check()
        run.reached("deletions applied")


def _count(work: UnitOfWork, source_id: str, what: str, more: int = 1) -> None:
    if more:
        source = work.sources.get(source_id)
        source.counts = {**source.counts, what: source.counts.get(what, 0) + more}


def remove(work: UnitOfWork, document: DocumentRecord) -> None:
    """Delete a document from SQL and tell the indexes to follow. Its collection is held before models are
    marked, as by everybody who changes these."""
    work.collections.hold(document.collection_id)
    work.publish(
        PassagesRemoved(
            collection_id=document.collection_id,
            document_id=document.id,
            passage_ids=tuple(work.passages.ids([document.id])),
        )
    )
    mark_learned_from(work.session, document.id)
    work.passages.drop(document.id)
    work.documents.delete(document)


def _within(path: str, places: Collection[str]) -> bool:
    """Whether the path is one of the places, or below one."""
    while path and path not in places:
        path = path.rpartition("/")[0]
    return path in places


def _ingested(document: DocumentRecord, job_id: str, since: datetime) -> bool:
    """Whether the job, begun then, has ingested the document. One that was read and proved to be the same is
    still indexed from before."""
    if document.job_id != job_id:
        return False
    return document.state != DocumentState.INDEXED or (document.indexed_at or since) >= since


def _settled(document: DocumentRecord, revision: str, job_id: str) -> bool:
    """True where these bytes are indexed or have failed by themselves, or wait for this very job."""
    if document.file_revision != revision or abandoned(document):
        return False
    return DocumentState(document.state).final or document.job_id == job_id


def _batches(files: Sequence[SourceFile]) -> list[list[SourceFile]]:
    """Parts of a listing that are queued and ingested one after the other."""
    batches: list[list[SourceFile]] = [[]]
    size = 0
    for file in vacating_first(files):
        if len(batches[-1]) >= BATCH_FILES or size >= BATCH_BYTES:
            batches.append([])
            size = 0
        batches[-1].append(file)
        size += file.size
    return batches if batches[0] else []
