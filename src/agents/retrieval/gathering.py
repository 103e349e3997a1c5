"""Asks the indexes for candidates."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from concurrent.futures import Executor, Future
from time import perf_counter

from src.core.errors import IndexMissingError, UnavailableError
from src.core.ports import LexicalIndex, Scored, VectorIndex, Vectors
from src.database.repositories.searching import LiveIndex

from .filters import Allowed
from .pool import Pool
from .query import DEPTH
from .vectors import QueryVectors

log = logging.getLogger("stoa.retrieval")

Searches = Mapping[str, Future[tuple[list[Scored], float]]]
"""Searches by meaning that go on: hits and the milliseconds that they took, by index id."""


class Gatherer:
    """Fills a pool from both indexes of each collection; what cannot be asked becomes a notice."""

    def __init__(self, vectors: VectorIndex, lexical: LexicalIndex, executor: Executor) -> None:
        self._vectors = vectors
        self._lexical = lexical
        self._executor = executor

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

    def begin_by_meaning(
        self, indexes: Mapping[str, LiveIndex], embedded: QueryVectors, allowed: Allowed
    ) -> Searches:
        """Ask each index as soon as the query has a vector of its version, while others go on."""
        return {
            index.id: self._executor.submit(
                self._nearest, index.id, embedded.future(index.embedding_version), among
            )
            for index, among in _searchable(indexes, allowed)
        }

    def by_meaning(self, pool: Pool, begun: Searches, notices: list[str]) -> float:
        """Wait for what was begun; returns the milliseconds that the longest of it took."""
        longest = 0.0
        for index, search in begun.items():
            try:
                hits, took_ms = search.result()
                pool.add_dense(index, hits, DEPTH)
                longest = max(longest, took_ms)
                continue
            except _NoVectorError:
                notices.append(_OUTDATED)
            except IndexMissingError:
                notices.append(MISSING)
            except UnavailableError as error:
                log.warning("searching by words only: %s", error.detail)
                notices.append(_NO_VECTORS)
            pool.unasked = True
        return longest

    def _nearest(
        self, index: str, vector: Future[Vectors], among: Collection[str] | None
    ) -> tuple[list[Scored], float]:
        try:
            known = vector.result()
        except UnavailableError as error:
            raise _NoVectorError from error
        started = perf_counter()
        hits = self._vectors.search(index, known, DEPTH, among)
        return hits, (perf_counter() - started) * 1000


class _NoVectorError(Exception):
    """The model of the index is not to be had."""


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
