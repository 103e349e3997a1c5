"""The last stage: a window's passages enter the indexes, and its documents become what is searched."""

from __future__ import annotations

from src.core.jobs import JobRun
from src.database.models import PassageRecord
from src.database.uow import Database, Work
from src.services.indexing import IndexedPassage, IndexWriter
from src.services.indexing.texts import lexical_title

from .outcomes import finish
from .window import Embedded, Ticket, current


class Switchover:
    """Writes the indexes first and switches the documents over in one commit afterwards."""

    def __init__(self, database: Database, writer: IndexWriter) -> None:
        self._database = database
        self._writer = writer

    def carry_out(self, window: Embedded, run: JobRun) -> None:
        rows = [
            IndexedPassage(
                passage_id=passage.id,
                title=lexical_title(ticket.document, passage),
                text=passage.text,
                vector=window.vectors[passage.embedding_key],
            )
            for ticket in window.tickets
            for passage in window.passages[ticket.document.id]
        ]
        written: set[str] = set()
        while not self._finish(window.tickets, window.passages, rows, written, run):
            run.check()
        run.reached("documents indexed")

    def _finish(
        self,
        tickets: list[Ticket],
        passages: dict[str, list[PassageRecord]],
        rows: list[IndexedPassage],
        written: set[str],
        run: JobRun,
    ) -> bool:
        """Write the indexes that are not ``written`` yet and switch the documents over; False where a
        rebuild has begun another index meanwhile, which must have them too."""
        with self._database.read() as work:
            fresh = self._indexes(work, run) - written
        for index in fresh:
            self._writer.create(index)
        self._writer.add(sorted(fresh), rows)
        written |= fresh
        run.reached("indexes written")
        with self._database.begin(run.ctx) as writing:
            writing.collections.hold(run.job.collection_id or "")
            wanted = self._indexes(writing, run)
            if not wanted <= written:
                return False
            for ticket, record in current(writing, tickets, run.job.id):
                finish(writing, record, ticket.version, len(passages[record.id]))
            writing.commit()
        for index in written - wanted:
            # Retired while it was written: what was made again here would belong to nobody.
            self._writer.drop(index)
        return True

    def _indexes(self, work: Work, run: JobRun) -> set[str]:
        """The indexes that are searched or being built, as far as they are of today's versions."""
        written = work.indexes.written(run.job.collection_id or "")
        return {record.id for record in written if self._writer.current(record)}
