"""Writes both indexes of a collection. Every step is idempotent: ids are fixed and rows are upserted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from src.core.clock import new_id
from src.core.passages import CONFIGURED
from src.core.ports import LexicalEntry, LexicalIndex, VectorIndex, Vectors
from src.database.models import CollectionRecord, IndexRecord
from src.database.uow import UnitOfWork
from src.services.embeddings.versions import Embedders

from .cuts import Cuts
from .making import Making

_SAME = 0.999
"""The cosine of a stored vector with itself, less what a store may round."""


@dataclass(frozen=True)
class IndexedPassage:
    """A passage on its way into the indexes: its id, its words and its unit vector."""

    passage_id: str
    title: str
    text: str
    vector: Vectors


class IndexWriter:
    """Adds to and removes from the indexes that SQL names."""

    def __init__(self, vectors: VectorIndex, lexical: LexicalIndex, embedders: Embedders, cuts: Cuts) -> None:
        self._vectors = vectors
        self._lexical = lexical
        self._embedders = embedders
        self._cuts = cuts

    def wanted(self, collection: CollectionRecord) -> Making:
        """What the collection's index should be made with: its own embedding version, or the configured one
        where it has none, or where its own is not to be had any more; and the same of its cutting."""
        own = collection.embedding_version
        return Making(
            own if own and self._embedders.available(own) else self._embedders.current.version,
            collection.cutting if self._cuts.available(collection.cutting) else CONFIGURED,
        )

    def open(self, embedding_version: str) -> None:
        """Have the model of a version at hand, which may take many seconds. Raises UnavailableError."""
        self._embedders.of(embedding_version)

    def plan(self, work: UnitOfWork, collection_id: str, state: str, making: Making) -> IndexRecord:
        """The record of a new index, whose model was opened before; ``create`` makes it in the stores."""
        return work.indexes.add(
            IndexRecord(
                id=new_id(),
                collection_id=collection_id,
                embedding_version=making.embedding_version,
                cutting=making.cutting,
                lexical_version=self._lexical.version,
                dimensions=self._embedders.of(making.embedding_version).dimensions,
                state=state,
                created_at=work.now(),
                switched_at=work.now() if state == "live" else None,
            )
        )

    def current(self, record: IndexRecord, making: Making) -> bool:
        """Whether the index is made with that, and of today's lexical version."""
        return Making.of(record) == making and record.lexical_version == self._lexical.version

    def writable(self, record: IndexRecord) -> bool:
        """Whether passages can be added to the index: its models are to be had, and its way to cut."""
        return (
            record.lexical_version == self._lexical.version
            and self._embedders.available(record.embedding_version)
            and self._cuts.available(record.cutting)
        )

    def create(self, record: IndexRecord) -> None:
        self._vectors.create(record.id, record.dimensions)
        self._lexical.create(record.id)

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

    def agrees(self, record: IndexRecord, vectors: Mapping[str, Vectors]) -> bool:
        """Whether the vector index holds these passages with these vectors."""
        return all(
            bool(found := self._vectors.search(record.id, vector, 1, among=[key])) and found[0].score > _SAME
            for key, vector in vectors.items()
        )

    def indexes(self) -> set[str]:
        """Every index that exists in either store."""
        return self._vectors.indexes() | self._lexical.indexes()
