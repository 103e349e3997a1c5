"""The last stage: a window's passages enter the indexes, and its documents become what is searched."""

from __future__ import annotations

from src.core.jobs import JobRun
from src.database.models import IndexRecord
from src.database.uow import Database, Work
from src.services.indexing import IndexedPassage, IndexWriter, PassageVectors
from src.services.indexing.texts import lexical_title

from .outcomes import finish
from .window import Embedded, current


class Switchover:
    """Writes the indexes first and switches the documents over in one commit afterwards."""

    def __init__(self, database: Database, vectors: PassageVectors, writer: IndexWriter) -> None:
        self._database = database
        self._vectors = vectors
        self._writer = writer

    def versions(self, work: Work, run: JobRun) -> set[str]:
        """The embedding versions that the job's passages are wanted in now."""
        return {record.embedding_version for record in self._indexes(work, run).values()}

    def carry_out(self, window: Embedded, run: JobRun) -> None:
        written: set[str] = set()
        while not self._finish(window, written, run):
            run.check()
        run.reached("documents indexed")

    def _finish(self, window: Embedded, written: set[str], run: JobRun) -> bool:
        """Write the indexes that are not ``written`` yet and switch the documents over; False where a
        rebuild has begun another index meanwhile, which must have them too."""
        with self._database.read() as work:
            indexes = self._indexes(work, run)
        for key in sorted(indexes.keys() - written):
            self._writer.create(indexes[key])
            self._writer.add([key], self._rows(window, indexes[key].embedding_version, run))
            written.add(key)
        run.reached("indexes written")
        with self._database.begin(run.ctx) as writing:
            writing.collections.hold(run.job.collection_id or "")
            wanted = self._indexes(writing, run).keys()
            if not wanted <= written:
                return False
            for ticket, record in current(writing, window.tickets, run.job.id):
                finish(writing, record, ticket.version, len(window.passages[record.id]))
            writing.commit()
        for index in written - wanted:
            # Retired while it was written: what was made again here would belong to nobody.
            self._writer.drop(index)
        return True

    def _rows(self, window: Embedded, version: str, run: JobRun) -> list[IndexedPassage]:
        # An index that was begun after the window was embedded may be of a version of its own.
        vectors = window.vectors.get(version) or self._vectors.of(window.texts, version, run)
        return [
            IndexedPassage(
                passage_id=passage.id,
                title=lexical_title(ticket.document, passage),
                text=passage.text,
                vector=vectors[passage.embedding_key],
            )
            for ticket in window.tickets
            for passage in window.passages[ticket.document.id]
        ]

    def _indexes(self, work: Work, run: JobRun) -> dict[str, IndexRecord]:
        """The indexes that are searched, kept up to date or being built, as far as they can be written."""
        written = work.indexes.written(run.job.collection_id or "")
        return {record.id: record for record in written if self._writer.writable(record)}
