"""Score fusion of dense and lexical retrieval with an exact-match signal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class FusionWeights:
    """What BM25 (relative to the query's best) and matched identifiers count beside the cosine."""

    lexical: float = 0.25
    identifier: float = 0.1


@dataclass(frozen=True)
class Fused:
    """A ranked passage with the score of each stage; one that is not known is None."""

    passage_id: str
    dense: float | None
    lexical: float | None
    identifier: float | None
    fused: float


def fuse(
    candidates: Iterable[str],
    dense: Mapping[str, float],
    lexical: Mapping[str, float],
    identifiers: Mapping[str, float],
    weights: FusionWeights,
) -> list[Fused]:
    """Rank by ``cosine + lexical * bm25 / best bm25 of this query + identifier * share of the query's
    identifiers found``, best first; ties are broken by id, so that a ranking can be repeated.

    Scores are fused, not ranks: a rank says nothing of how much better the first is than the second. A
    candidate that the lexical index did not score has a BM25 of 0; one without a vector a cosine of 0.
    """
    best = max(lexical.values(), default=0.0)
    ranked = []
    for key in candidates:
        share = identifiers.get(key)
        words = lexical.get(key, 0.0)
        fused = (
            dense.get(key, 0.0)
            + (weights.lexical * words / best if best > 0 else 0.0)
            + weights.identifier * (share or 0.0)
        )
        ranked.append(
            Fused(
                passage_id=key,
                dense=dense.get(key),
                lexical=words if best > 0 else None,
                identifier=share,
                fused=fused,
            )
        )
    return sorted(ranked, key=lambda item: (-item.fused, item.passage_id))
