"""Writes both indexes of a collection. Every step is idempotent: ids are fixed and rows are upserted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from src.core.clock import new_id
from src.core.ports import Embedder, LexicalEntry, LexicalIndex, VectorIndex, Vectors
from src.database.models import IndexRecord
from src.database.uow import UnitOfWork


@dataclass(frozen=True)
class IndexedPassage:
    """A passage on its way into the indexes: its id, its words and its unit vector."""

    passage_id: str
    title: str
    text: str
    vector: Vectors


class IndexWriter:
    """Adds to and removes from the indexes that SQL names."""

    def __init__(self, vectors: VectorIndex, lexical: LexicalIndex, embedder: Embedder) -> None:
        self._vectors = vectors
        self._lexical = lexical
        self._embedder = embedder

    def plan(self, work: UnitOfWork, collection_id: str, state: str) -> IndexRecord:
        """The record of a new index with today's versions; ``create`` makes it in the stores."""
        return work.indexes.add(
            IndexRecord(
                id=new_id(),
                collection_id=collection_id,
                embedding_version=self._embedder.version,
                lexical_version=self._lexical.version,
                dimensions=self._embedder.dimensions,
                state=state,
                created_at=work.now(),
                switched_at=work.now() if state == "live" else None,
            )
        )

    def current(self, record: IndexRecord) -> bool:
        """Whether the index was made with today's embedding and lexical versions."""
        return (
            record.embedding_version == self._embedder.version
            and record.lexical_version == self._lexical.version
        )

    def create(self, index: str) -> None:
        self._vectors.create(index, self._embedder.dimensions)
        self._lexical.create(index)

    def add(self, indexes: Sequence[str], passages: Sequence[IndexedPassage]) -> None:
        """Upsert into each index; the passages are found when this returns."""
        if not passages:
            return
        ids = [passage.passage_id for passage in passages]
        matrix = np.stack([passage.vector for passage in passages])
        entries = [LexicalEntry(p.passage_id, p.title, p.text) for p in passages]
        for index in indexes:
            self._vectors.upsert(index, ids, matrix)
            self._lexical.upsert(index, entries)

    def remove(self, indexes: Sequence[str], ids: Sequence[str]) -> None:
        if not ids:
            return
        for index in indexes:
            self._vectors.delete(index, ids)
            self._lexical.delete(index, ids)

    def drop(self, index: str) -> None:
        self._vectors.drop(index)
        self._lexical.drop(index)

    def stored(self, index: str) -> tuple[set[str], set[str]]:
        """The passage ids in the vector and in the lexical index; raises IndexMissingError."""
        return self._vectors.ids(index), self._lexical.ids(index)

    def indexes(self) -> set[str]:
        """Every index that exists in either store."""
        return self._vectors.indexes() | self._lexical.indexes()
