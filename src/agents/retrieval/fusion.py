"""Score fusion of dense and lexical retrieval with an exact-match signal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from src.services.ranking.ranker import FusionWeights


@dataclass(frozen=True, slots=True)
class Placed:
    """A ranked passage with the score of each stage; one that is not known is None.

    ``prior`` is what the memory of answered questions adds to ``fused``, ``rerank`` what learned weights
    add; ``score`` is the sum that it is ranked by.
    """

    passage_id: str
    dense: float | None
    lexical: float | None
    identifier: float | None
    fused: float
    prior: float | None = None
    rerank: float | None = None

    @property
    def score(self) -> float:
        return self.fused + (self.prior or 0.0) + (self.rerank or 0.0)


def fuse(
    candidates: Iterable[str],
    dense: Mapping[str, float],
    lexical: Mapping[str, float],
    identifiers: Mapping[str, float],
    weights: FusionWeights,
    wanted: int | None = None,
) -> list[Placed]:
    """The first ``wanted`` (all for None) by ``cosine + lexical * bm25 / best bm25 of this query +
    identifier * share of the query's identifiers found``, best first; ties are broken by id, so that a
    ranking can be repeated.

    Scores are fused, not ranks: a rank says nothing of how much better the first is than the second. A
    candidate that the lexical index did not score has a BM25 of 0; one without a vector a cosine of 0.
    """
    best = max(lexical.values(), default=0.0)
    share = weights.lexical / best if best > 0 else 0.0

    def score(key: str) -> float:
        exact = weights.identifier * identifiers.get(key, 0.0)
        return dense.get(key, 0.0) + share * lexical.get(key, 0.0) + exact

    ranked = sorted((-score(key), key) for key in candidates)
    return [
        Placed(
            passage_id=key,
            dense=dense.get(key),
            lexical=lexical.get(key, 0.0) if best > 0 else None,
            identifier=identifiers.get(key),
            fused=-negated,
        )
        for negated, key in ranked[:wanted]
    ]
