"""The last stage: a window's passages enter the indexes, and its documents become what is searched. Where
indexes hold other passages than those that are searched, the documents are cut as these do as well."""

from __future__ import annotations

from src.core.errors import DocumentError
from src.core.jobs import JobRun
from src.core.passages import CONFIGURED
from src.database.models import DocumentRecord, IndexRecord
from src.database.uow import Database, UnitOfWork, Work
from src.services.indexing import Cuts, IndexedPassage, IndexWriter, PassageVectors
from src.services.indexing.texts import embedded_text, lexical_title

from .outcomes import fail, finish
from .window import Embedded, current


class Switchover:
    """Writes the indexes first and switches the documents over in one commit afterwards."""

    def __init__(self, database: Database, vectors: PassageVectors, writer: IndexWriter, cuts: Cuts) -> None:
        self._database = database
        self._vectors = vectors
        self._writer = writer
        self._cuts = cuts

    def versions(self, work: Work, run: JobRun, cutting: str) -> set[str]:
        """The embedding versions that the job's passages of a cutting are wanted in now."""
        indexes = self._indexes(work, run).values()
        return {record.embedding_version for record in indexes if record.cutting == cutting}

    def carry_out(self, window: Embedded, run: JobRun) -> None:
        written: set[str] = set()
        while not self._finish(window, written, run):
            run.check()
        run.reached("documents indexed")

    def _finish(self, window: Embedded, written: set[str], run: JobRun) -> bool:
        """Write the indexes that are not ``written`` yet and switch the documents over; False where a
        rebuild has begun another index meanwhile, which must have them too, or another way to cut is
        searched."""
        with self._database.read() as work:
            indexes, searched = self._indexes(work, run), self._searched(work, run)
        for cutting in sorted(
            ({index.cutting for index in indexes.values()} | {searched}) - window.cuts.keys()
        ):
            documents = [(ticket.document, ticket.content_hash) for ticket in window.tickets]
            window.cuts[cutting] = self._cuts.stored(documents, cutting, run)
            run.reached("passages of another cutting stored")
        for key in sorted(indexes.keys() - written):
            self._writer.create(indexes[key])
            self._writer.add([key], self._rows(window, indexes[key], run))
            written.add(key)
        run.reached("indexes written")
        with self._database.begin(run.ctx) as writing:
            writing.collections.hold(run.job.collection_id or "")
            wanted = self._indexes(writing, run)
            searched = self._searched(writing, run)
            held = {index.cutting for index in wanted.values()}
            if not wanted.keys() <= written or searched not in window.cuts:
                return False
            for _ticket, record in current(writing, window.tickets, run.job.id):
                self._settle(writing, record, window, searched, held)
            writing.commit()
        for index in written - wanted.keys():
            # Retired while it was written: what was made again here would belong to nobody.
            self._writer.drop(index)
        return True

    def _settle(
        self, work: UnitOfWork, record: DocumentRecord, window: Embedded, searched: str, held: set[str]
    ) -> None:
        """Switch a document over in every cutting that is held."""
        made = window.cuts[searched][record.id]
        if made.error is not None:
            code, detail = made.error
            fail(work, record, DocumentError(code, detail, stage="parsing"))
            return
        removed: list[str] = []
        for cutting in sorted(held - {searched}):
            other = window.cuts[cutting][record.id]
            removed += self._cuts.settle(work, other, cutting)
            work.cuts.note(record.id, cutting, other.version, len(other.passages), other.error)
        if held - {searched} or (record.live_hash is not None and record.live_version is None):
            work.cuts.drop(record.id, searched)  # also where it could not be cut as it is searched till now
        removed += self._cuts.settle(work, made, searched)
        finish(work, record, made.version, len(made.passages), removed)

    def _rows(self, window: Embedded, index: IndexRecord, run: JobRun) -> list[IndexedPassage]:
        cuts = window.cuts[index.cutting]
        vectors = window.vectors.get(index.embedding_version)
        if index.cutting != window.tickets[0].cutting:
            texts = {
                passage.embedding_key: embedded_text(cut.document, passage)
                for cut in cuts.values()
                for passage in cut.passages
            }
            vectors = self._vectors.of(texts, index.embedding_version, run)
        elif vectors is None:
            # An index that was begun after the window was embedded may be of a version of its own.
            vectors = self._vectors.of(window.texts, index.embedding_version, run)
        return [
            IndexedPassage(
                passage_id=passage.id,
                title=lexical_title(cut.document, passage),
                text=passage.text,
                vector=vectors[passage.embedding_key],
            )
            for cut in cuts.values()
            for passage in cut.passages
        ]

    def _searched(self, work: Work, run: JobRun) -> str:
        """How the collection's documents are cut where it is searched; as configured where that cannot be."""
        collection = work.collections.find(run.job.collection_id or "")
        cutting = collection.cutting if collection is not None else CONFIGURED
        return cutting if self._cuts.available(cutting) else CONFIGURED

    def _indexes(self, work: Work, run: JobRun) -> dict[str, IndexRecord]:
        """The indexes that are searched, kept up to date or being built, as far as they can be written."""
        written = work.indexes.written(run.job.collection_id or "")
        return {record.id: record for record in written if self._writer.writable(record)}
