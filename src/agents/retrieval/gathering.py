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

    def __init__(self, vectors: VectorIndex, lexical: LexicalIndex) -> None:
        self._vectors = vectors
        self._lexical = lexical

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
                notices.append(MISSING)

    def by_meaning(
        self,
        pool: Pool,
        indexes: Mapping[str, LiveIndex],
        vectors: Mapping[str, Vectors],
        allowed: Allowed,
        notices: list[str],
    ) -> None:
        """``vectors`` are the query's, by embedding version: each index is asked in its own."""
        for index, among in _searchable(indexes, allowed):
            vector = vectors.get(index.embedding_version)
            if vector is None:
                notices.append(_OUTDATED)
                continue
            try:
                pool.add_dense(index.id, self._vectors.search(index.id, vector, DEPTH, among), DEPTH)
            except IndexMissingError:
                notices.append(MISSING)
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
    "A collection's index was made with a model or analysis that is not to be had any more, and is being "
    "rebuilt; until then it is searched by less."
)
_NO_VECTORS = "The vector store cannot be reached; this search went by words only."
MISSING = "A collection's index is missing and is being rebuilt; `run.py reindex` does it at once."
