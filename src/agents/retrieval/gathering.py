"""Asks the indexes for candidates."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from time import perf_counter

from src.core.errors import IndexMissingError, UnavailableError
from src.core.ports import LexicalIndex, Scored, VectorIndex, Vectors
from src.database.repositories.searching import LiveIndex

from .filters import Allowed
from .pool import Pool
from .query import DEPTH, WORDS_DEPTH

log = logging.getLogger("stoa.retrieval")


@dataclass
class Nearest:
    """What is near the query, by index, and the milliseconds that the longest of the searches took;
    ``unasked`` where one of them could not be made. ``notices`` say why."""

    hits: dict[str, list[Scored]] = field(default_factory=dict)
    took_ms: float = 0.0
    unasked: bool = False
    notices: list[str] = field(default_factory=list)

    def add_to(self, pool: Pool) -> None:
        for index, hits in self.hits.items():
            pool.add_dense(index, hits, DEPTH)
        pool.unasked = pool.unasked or self.unasked


class Gatherer:
    """Asks both indexes of each collection; what cannot be asked becomes a notice."""

    def __init__(self, vectors: VectorIndex, lexical: LexicalIndex, executor: Executor) -> None:
        self._vectors = vectors
        self._lexical = lexical
        self._executor = executor

    def by_words(
        self, pool: Pool, indexes: Mapping[str, LiveIndex], query: str, allowed: Allowed, notices: list[str]
    ) -> None:
        for index, among in _searchable(indexes, allowed):
            if index.lexical_version != self._lexical.version:
                pool.wordless.add(index.id)
                notices.append(_OUTDATED)
                continue
            try:
                pool.add_lexical(
                    index.id, self._lexical.search(index.id, query, WORDS_DEPTH, among), WORDS_DEPTH
                )
            except IndexMissingError:
                pool.wordless.add(index.id)
                notices.append(MISSING)

    def by_meaning(
        self, indexes: Mapping[str, LiveIndex], vectors: Mapping[str, Vectors], allowed: Allowed
    ) -> Nearest:
        """Of several indexes one is asked in the caller's thread, and the others meanwhile."""
        nearest = Nearest()
        here: list[tuple[LiveIndex, set[str] | None]] = []
        for index, among in _searchable(indexes, allowed):
            if index.embedding_version in vectors:
                here.append((index, among))
            else:
                nearest.unasked = True
                nearest.notices.append(_OUTDATED)
        begun = [
            self._executor.submit(self._search, index.id, vectors[index.embedding_version], among)
            for index, among in here[1:]
        ]
        for place, (index, among) in enumerate(here):
            try:
                hits, took_ms = (
                    begun[place - 1].result()
                    if place
                    else self._search(index.id, vectors[index.embedding_version], among)
                )
                nearest.hits[index.id] = hits
                nearest.took_ms = max(nearest.took_ms, took_ms)
                continue
            except IndexMissingError:
                nearest.notices.append(MISSING)
            except UnavailableError as error:
                log.warning("searching by words only: %s", error.detail)
                nearest.notices.append(_NO_VECTORS)
            nearest.unasked = True
        return nearest

    def _search(
        self, index: str, vector: Vectors, among: Collection[str] | None
    ) -> tuple[list[Scored], float]:
        started = perf_counter()
        hits = self._vectors.search(index, vector, DEPTH, among)
        return hits, (perf_counter() - started) * 1000


def _searchable(
    indexes: Mapping[str, LiveIndex], allowed: Allowed
) -> list[tuple[LiveIndex, set[str] | None]]:
    found = []
    for index in indexes.values():
        among = None if allowed is None else allowed.get((index.collection_id, index.cutting), set())
        if among is None or among:
            found.append((index, among))
    return found


_OUTDATED = (
    "A collection's index was made with a model or analysis that is not to be had any more, and is being "
    "rebuilt; until then it is searched by less."
)
_NO_VECTORS = "The vector store cannot be reached; this search went by words only."
MISSING = "A collection's index is missing and is being rebuilt; `run.py reindex` does it at once."
