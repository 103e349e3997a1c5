"""The candidates of a search: both lists, and the scores that each list lacks of the other's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from heapq import nlargest

from src.core.errors import IndexMissingError
from src.core.ports import LexicalIndex, Scored, Vectors
from src.database.repositories.searching import LiveIndex
from src.database.uow import Work
from src.services.ranking.ranker import FusionWeights

from .query import LEARNED_DEPTH


@dataclass
class Pool:
    """Scores by passage id; ``listed`` are the first ``LEARNED_DEPTH`` of each list of each index. A score
    that a list lacks is bounded by the last that it gave."""

    dense: dict[str, float] = field(default_factory=dict)
    lexical: dict[str, float] = field(default_factory=dict)
    index_of: dict[str, str] = field(default_factory=dict)
    listed: dict[str, list[str]] = field(default_factory=dict)
    dense_floor: float = -1.0
    lexical_floor: float = 0.0
    unasked: bool = False
    """Whether a vector index could not be asked: then nothing is known of what is near."""
    wordless: set[str] = field(default_factory=set)
    """The indexes whose lexical index is missing or outdated: nothing in them is looked up by words."""

    def add_dense(self, index: str, hits: Sequence[Scored], depth: int) -> None:
        for hit in hits:
            self.dense[hit.passage_id] = hit.score
            self.index_of[hit.passage_id] = index
        self._list(index, hits)
        if len(hits) >= depth:
            # What an index did not list cannot be nearer than the last that it did.
            self.dense_floor = max(self.dense_floor, hits[-1].score)

    def add_lexical(self, index: str, hits: Sequence[Scored], depth: int) -> None:
        for hit in hits:
            self.lexical[hit.passage_id] = hit.score
            self.index_of[hit.passage_id] = index
        self._list(index, hits)
        if len(hits) >= depth:
            self.lexical_floor = max(self.lexical_floor, hits[-1].score)

    def _list(self, index: str, hits: Sequence[Scored]) -> None:
        self.listed.setdefault(index, []).extend(hit.passage_id for hit in hits[:LEARNED_DEPTH])

    def best_by_words(self, count: int) -> list[str]:
        return nlargest(count, self.lexical, key=self.lexical.__getitem__)

    def contenders(self, weights: FusionWeights, wanted: int, *, identifiers: bool) -> list[str]:
        """Candidates that may be among the first ``wanted``, by the bounds of Fagin's threshold algorithm
        ("Optimal aggregation algorithms for middleware", 2003): a score that a list did not give is at most
        the last that it gave. A query without ``identifiers`` gives no passage anything for them."""
        dense, lexical = self.dense, self.lexical
        if len(dense) < wanted:
            return list(self.index_of)
        extra = weights.identifier if identifiers else 0.0
        share = weights.lexical / (max(lexical.values(), default=0.0) or 1.0)
        near = 1.0 if self.unasked or self.dense_floor == -1.0 else self.dense_floor
        # Those with a cosine are enough to tell what each has to reach.
        known = [cosine + share * lexical.get(key, 0.0) for key, cosine in dense.items()]
        least = nlargest(wanted, known)[-1] - extra
        floor = self.lexical_floor
        found = [key for key, cosine in dense.items() if cosine + share * lexical.get(key, floor) >= least]
        found += [key for key, score in lexical.items() if near + share * score >= least and key not in dense]
        return found


Stored = Mapping[str, tuple[list[str], Vectors]]
"""Passages and their vectors, a row each, by embedding version."""


class Completer:
    """Fetches the scores that one list has and the other lacks."""

    def __init__(self, lexical: LexicalIndex) -> None:
        self._lexical = lexical

    def vectors(
        self, work: Work, pool: Pool, keys: Sequence[str], indexes: Mapping[str, LiveIndex]
    ) -> Stored:
        """The vectors that SQL keeps of these candidates, in the version of their index."""
        wanted: dict[str, list[str]] = {}
        for key in keys:
            wanted.setdefault(indexes[pool.index_of[key]].embedding_version, []).append(key)
        return {version: work.searching.vectors(ids, version) for version, ids in wanted.items()}

    def add_cosines(self, pool: Pool, stored: Stored, vectors: Mapping[str, Vectors]) -> None:
        """Give the candidates whose vectors these are their cosine, where the vector index did not. Vectors
        of two models say nothing about each other: where the query has none of a version there is none."""
        for version, (keys, matrix) in stored.items():
            if keys and version in vectors:
                cosines = (matrix @ vectors[version]).tolist()
                pool.dense = dict(zip(keys, cosines, strict=True)) | pool.dense

    def add_words(self, pool: Pool, keys: Sequence[str], query: str) -> None:
        """Give those of the keys that the lexical index did not list their BM25."""
        lacking: dict[str, list[str]] = {}
        for key in keys:
            if key not in pool.lexical and pool.index_of[key] not in pool.wordless:
                lacking.setdefault(pool.index_of[key], []).append(key)
        for index, ids in lacking.items():
            try:
                hits = self._lexical.search(index, query, len(ids), among=ids)
            except IndexMissingError:  # replaced and dropped since it was asked for its own list
                pool.wordless.add(index)
                continue
            pool.lexical.update((hit.passage_id, hit.score) for hit in hits)
