"""Filling an index from SQL: all of it for a rebuild, a few passages for a repair."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from src.core.jobs import JobRun
from src.database.models import DocumentRecord, IndexRecord, PassageRecord
from src.database.uow import Database
from src.services.indexing import IndexedPassage, IndexWriter, PassageVectors
from src.services.indexing.texts import embedded_text, lexical_title

BATCH = 256


class IndexFiller:
    """Writes passages of SQL into indexes; vectors come from SQL's cache, and are made where it has none."""

    def __init__(self, database: Database, vectors: PassageVectors, writer: IndexWriter) -> None:
        self._database = database
        self._vectors = vectors
        self._writer = writer

    def fill(self, index: IndexRecord, run: JobRun, *, total: int) -> None:
        """Write every live passage of the index's cutting, in order of id."""
        last, done = "", 0
        while True:
            with self._database.read() as work:
                passages = list(work.passages.live_after(index.collection_id, index.cutting, last, BATCH))
                documents = {d.id: d for d in work.documents.some({p.document_id for p in passages})}
            if not passages:
                return
            self._write(index, passages, documents, run)
            last, done = passages[-1].id, done + len(passages)
            run.progress(stage="building the index", done=done, total=total)
            run.reached("part of the index rebuilt")

    def add(self, index: IndexRecord, ids: Collection[str], run: JobRun) -> None:
        """Write the named passages."""
        wanted = sorted(ids)
        for start in range(0, len(wanted), BATCH):
            with self._database.read() as work:
                found = work.passages.with_documents(wanted[start : start + BATCH])
                passages = [row.PassageRecord for row in found.values()]
                documents = {row.DocumentRecord.id: row.DocumentRecord for row in found.values()}
            self._write(index, passages, documents, run)
            run.check()

    def _write(
        self,
        index: IndexRecord,
        passages: Sequence[PassageRecord],
        documents: dict[str, DocumentRecord],
        run: JobRun,
    ) -> None:
        texts = {p.embedding_key: embedded_text(documents[p.document_id], p) for p in passages}
        vectors = self._vectors.of(texts, index.embedding_version, run)
        self._writer.add(
            [index.id],
            [
                IndexedPassage(
                    passage_id=passage.id,
                    title=lexical_title(documents[passage.document_id], passage),
                    text=passage.text,
                    vector=vectors[passage.embedding_key],
                )
                for passage in passages
            ],
        )
