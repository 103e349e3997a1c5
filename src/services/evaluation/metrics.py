"""Ranking metrics against graded relevance labels, for every query and on average."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from math import log2

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Labels = Mapping[str, float]
"""Grades of the passages (or documents) that answer one query; a grade of 0 or less is not relevant."""


def discount(rank: int | None, depth: int = 10) -> float:
    """What a place is worth: 1 / log2(1 + rank), and 0 below ``depth`` or outside the list."""
    return 0.0 if rank is None or rank > depth else 1.0 / log2(1 + rank)


def ndcg(ranked: Sequence[str], labels: Labels, k: int = 10) -> float:
    """Normalised discounted cumulative gain with linear gains (Järvelin and Kekäläinen, 2002).

    An id that occurs twice counts at its first place only.
    """
    best = sorted((grade for grade in labels.values() if grade > 0), reverse=True)[:k]
    ideal = sum(grade * discount(rank, k) for rank, grade in enumerate(best, start=1))
    gained = sum(
        max(0.0, labels.get(id_, 0.0)) * discount(rank, k)
        for rank, id_ in enumerate(_first(ranked, k), start=1)
    )
    return gained / ideal if ideal else 0.0


def recall(ranked: Sequence[str], labels: Labels, k: int = 10) -> float:
    """Share of the relevant ids that are among the first ``k``."""
    relevant = {id_ for id_, grade in labels.items() if grade > 0}
    return len(relevant.intersection(_first(ranked, k))) / len(relevant) if relevant else 0.0


def reciprocal_rank(ranked: Sequence[str], labels: Labels, k: int = 10) -> float:
    """1 / rank of the first relevant id among the first ``k``, 0 where there is none."""
    ranks = (rank for rank, id_ in enumerate(_first(ranked, k), start=1) if labels.get(id_, 0.0) > 0)
    return next((1.0 / rank for rank in ranks), 0.0)


@dataclass(frozen=True, eq=False)
class RankingScores:
    """The metrics at ``k`` of every query, as arrays of shape (queries,) in the order of ``queries``."""

    k: int
    queries: tuple[str, ...]
    ndcg: Floats
    recall: Floats
    reciprocal_rank: Floats

    def means(self) -> dict[str, float]:
        """The averages, named as in reports: ``ndcg@10``, ``recall@10``, ``mrr@10``."""
        columns = {"ndcg": self.ndcg, "recall": self.recall, "mrr": self.reciprocal_rank}
        return {f"{name}@{self.k}": float(column.mean()) for name, column in columns.items()}

    def only(self, queries: frozenset[str] | set[str]) -> RankingScores:
        """The same for some of the queries, for example those whose passage was voted on before."""
        rows = np.array([query in queries for query in self.queries], dtype=bool)
        kept = tuple(query for query in self.queries if query in queries)
        return RankingScores(self.k, kept, self.ndcg[rows], self.recall[rows], self.reciprocal_rank[rows])


def evaluate(
    rankings: Mapping[str, Sequence[str]], labels: Mapping[str, Labels], k: int = 10
) -> RankingScores:
    """Score ``rankings`` (query to ranked ids) on every query that has a relevant id.

    A labelled query without a ranking scores 0, so that an arm cannot gain by not answering.
    """
    queries = tuple(query for query, grades in labels.items() if any(g > 0 for g in grades.values()))
    rows = [(rankings.get(query, ()), labels[query]) for query in queries]
    return RankingScores(
        k,
        queries,
        np.array([ndcg(ranked, grades, k) for ranked, grades in rows], dtype=np.float64),
        np.array([recall(ranked, grades, k) for ranked, grades in rows], dtype=np.float64),
        np.array([reciprocal_rank(ranked, grades, k) for ranked, grades in rows], dtype=np.float64),
    )


def _first(ranked: Sequence[str], k: int) -> list[str]:
    return list(islice(dict.fromkeys(ranked), k))
