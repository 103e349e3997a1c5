"""Asks the indexes for candidates."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from src.core.errors import IndexMissingError, UnavailableError
from src.core.ports import LexicalIndex, VectorIndex, Vectors
from src.database.repositories.searching import LiveIndex

from .filters import Allowed
from .pool import Pool
from .query import DEPTH

log = logging.getLogger("stoa.retrieval")


class Gatherer:
    """Fills a pool from both indexes of each collection; what cannot be asked becomes a notice."""

    def __init__(self, vectors: VectorIndex, lexical: LexicalIndex, embedding_version: str) -> None:
        self._vectors = vectors
        self._lexical = lexical
        self._version = embedding_version

    def by_words(
        self, pool: Pool, indexes: Mapping[str, LiveIndex], query: str, allowed: Allowed, notices: list[str]
    ) -> None:
        for index, among in _searchable(indexes, allowed):
            if index.lexical_version != self._lexical.version:
                notices.append(_OUTDATED)
                continue
            try:
                pool.add_lexical(index.id, self._lexical.search(index.id, query, DEPTH, among), DEPTH)
            except IndexMissingError:
                notices.append(_MISSING)

    def by_meaning(
        self,
        pool: Pool,
        indexes: Mapping[str, LiveIndex],
        vector: Vectors,
        allowed: Allowed,
        notices: list[str],
    ) -> None:
        for index, among in _searchable(indexes, allowed):
            if index.embedding_version != self._version:
                # Vectors of two models say nothing about each other: words only until it is rebuilt.
                notices.append(_OUTDATED)
                continue
            try:
                pool.add_dense(index.id, self._vectors.search(index.id, vector, DEPTH, among), DEPTH)
            except IndexMissingError:
                notices.append(_MISSING)
            except UnavailableError as error:
                log.warning("searching by words only: %s", error.detail)
                notices.append(_NO_VECTORS)


def _searchable(
    indexes: Mapping[str, LiveIndex], allowed: Allowed
) -> list[tuple[LiveIndex, set[str] | None]]:
    found = []
    for index in indexes.values():
        among = None if allowed is None else allowed[index.collection_id]
        if among is None or among:
            found.append((index, among))
    return found


_OUTDATED = (
    "A collection's index was made with another model or analysis and is being rebuilt; "
    "until then it is searched by less."
)
_NO_VECTORS = "The vector store cannot be reached; this search went by words only."
_MISSING = "A collection's index is missing and is being rebuilt; `run.py reindex` does it at once."
