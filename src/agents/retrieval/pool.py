"""The candidates of a search: both lists, and the scores that each list lacks of the other's."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np

from src.core.ports import LexicalIndex, Scored, Vectors
from src.database.models import IndexRecord
from src.database.uow import Database

from .fusion import FusionWeights


@dataclass
class Pool:
    """Scores by passage id. After ``complete`` every candidate that can still be ranked among the first
    ``wanted`` has both."""

    dense: dict[str, float] = field(default_factory=dict)
    lexical: dict[str, float] = field(default_factory=dict)
    index_of: dict[str, str] = field(default_factory=dict)
    dense_floor: float = -1.0
    lexical_floor: float = 0.0

    def add_dense(self, index: str, hits: Sequence[Scored], depth: int) -> None:
        for hit in hits:
            self.dense[hit.passage_id] = hit.score
            self.index_of[hit.passage_id] = index
        if len(hits) >= depth:
            # What an index did not list cannot be nearer than the last that it did.
            self.dense_floor = max(self.dense_floor, hits[-1].score)

    def add_lexical(self, index: str, hits: Sequence[Scored], depth: int) -> None:
        for hit in hits:
            self.lexical[hit.passage_id] = hit.score
            self.index_of[hit.passage_id] = index
        if len(hits) >= depth:
            self.lexical_floor = max(self.lexical_floor, hits[-1].score)

    def contenders(self, weights: FusionWeights, wanted: int, *, identifiers: bool) -> list[str]:
        """Candidates that may be among the first ``wanted``, by the bounds of Fagin's threshold algorithm
        ("Optimal aggregation algorithms for middleware", 2003): a score that a list did not give is at most
        the last that it gave. A query without ``identifiers`` gives no passage anything for them."""
        extra = weights.identifier if identifiers else 0.0
        best = max(self.lexical.values(), default=0.0) or 1.0

        def lowest(key: str) -> float:
            return self.dense.get(key, -1.0) + weights.lexical * self.lexical.get(key, 0.0) / best

        def highest(key: str) -> float:
            dense = self.dense.get(key, self.dense_floor if self.dense_floor > -1.0 else 1.0)
            lexical = self.lexical.get(key, self.lexical_floor)
            return dense + weights.lexical * lexical / best + extra

        keys = list(self.index_of)
        if len(keys) <= wanted:
            return keys
        threshold = sorted((lowest(key) for key in keys), reverse=True)[wanted - 1]
        return [key for key in keys if highest(key) >= threshold]


class PoolBuilder:
    """Fetches the scores that one list has and the other lacks, for contenders only."""

    def __init__(self, database: Database, lexical: LexicalIndex, embedding_version: str) -> None:
        self._database = database
        self._lexical = lexical
        self._version = embedding_version

    def complete(
        self,
        pool: Pool,
        keys: Collection[str],
        indexes: dict[str, IndexRecord],
        vector: Vectors,
        query: str,
    ) -> None:
        """Fill in cosines from the vectors that SQL keeps, and BM25 from the lexical index."""
        self._fill_dense(pool, [key for key in keys if key not in pool.dense], indexes, vector)
        lacking: dict[str, list[str]] = {}
        for key in keys:
            if key not in pool.lexical:
                lacking.setdefault(pool.index_of[key], []).append(key)
        if not pool.lexical:
            return
        for index, ids in lacking.items():
            for hit in self._lexical.search(index, query, len(ids), among=ids):
                pool.lexical[hit.passage_id] = hit.score

    def _fill_dense(
        self, pool: Pool, keys: Sequence[str], indexes: dict[str, IndexRecord], vector: Vectors
    ) -> None:
        # Vectors of another model than the query's would give cosines that mean nothing.
        wanted = [k for k in keys if indexes[pool.index_of[k]].embedding_version == self._version]
        if not wanted:
            return
        with self._database.read() as work:
            stored = work.vectors.of_passages(wanted, self._version)
        if stored:
            scores = np.stack(list(stored.values())) @ vector
            pool.dense.update(zip(stored, scores.tolist(), strict=True))
