"""A ranking function as one value: the default fusion and whatever was learned on top of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from src.core.ports import Vectors

from .adapter import QueryAdapter
from .features import FeatureExtractor, Floats, QuestionPool
from .linear import RankWeights
from .memory import MemorySettings, QueryMemory, Recall, Remembered

HELPED = "helped before"
ADAPTED = "adapted cosine"
LEARNED = (HELPED, ADAPTED)
"""Columns that a fit adds to the extractor's own, each where its part is there."""


@dataclass(frozen=True)
class FusionWeights:
    """What BM25 (relative to the query's best) and matched identifiers count beside the cosine."""

    lexical: float = 0.25
    identifier: float = 0.1


@dataclass(frozen=True)
class Ranked:
    """A passage with its score, in units of a cosine, and the ``parts`` that add up to it by name.
    ``helped_by`` and ``harmed_by`` are the memories at work, where there are any."""

    passage_id: str
    score: float
    parts: dict[str, float]
    helped_by: Remembered | None = None
    harmed_by: Remembered | None = None


@dataclass(frozen=True)
class Ranker:
    """Default fusion, then memory, rank weights and query adapter as far as there are any.

    ``memory`` says what memory lifts; where the weights have the column ``HELPED`` they add to it.
    What a down-vote takes away is never learned. An adapter speaks through the column ``ADAPTED`` of the
    weights. The weights may know fewer features than the extractor has, never others.
    """

    fusion: FusionWeights = field(default_factory=FusionWeights)
    memory: MemorySettings | None = None
    weights: RankWeights | None = None
    adapter: QueryAdapter | None = None

    def __post_init__(self) -> None:
        names = self.weights.names if self.weights else ()
        if (self.adapter is not None) != (ADAPTED in names):
            raise ValueError(f"an adapter needs the weight {ADAPTED!r}, and that weight an adapter")

    def rank(
        self,
        pool: QuestionPool,
        extractor: FeatureExtractor,
        *,
        vector: Vectors | None = None,
        passages: Vectors | None = None,
        passage_keys: Sequence[str] | None = None,
        memory: QueryMemory | None = None,
    ) -> list[Ranked]:
        """Best first; ties are broken by passage id.

        ``vector`` is the question's; ``passages`` are the candidates' vectors ``(candidates, dimensions)``,
        wanted by an adapter alone; ``passage_keys`` name the candidates' content for the memory. A part
        whose input is missing (a pool without vectors) stays silent.
        """
        parts = self.fusion_parts(pool)
        recall = None
        if self.memory and memory is not None and vector is not None and passage_keys is not None:
            recall = memory.recall(vector, passage_keys, self.memory)
            parts["memory"] = self.memory.lift * recall.helped
            if recall.harmed.any():
                parts["down-votes"] = -self.memory.drop * recall.harmed
        if self.weights is not None:
            parts.update(self._learned_parts(self.weights, pool, extractor, vector, passages, recall))
        scores: Floats = np.sum(list(parts.values()), axis=0)
        order = sorted(range(len(scores)), key=lambda n: (-scores[n], pool.candidates[n].passage_id))
        return [
            Ranked(
                passage_id=pool.candidates[n].passage_id,
                score=float(scores[n]),
                parts={name: float(values[n]) for name, values in parts.items()},
                helped_by=_entry(memory, recall.helped_by[n]) if recall else None,
                harmed_by=_entry(memory, recall.harmed_by[n]) if recall else None,
            )
            for n in order
        ]

    def fusion_parts(self, pool: QuestionPool) -> dict[str, Floats]:
        """The three parts of the default fusion."""
        best = float(pool.lexical.max(initial=0.0))
        return {
            "meaning": pool.dense,
            "words": self.fusion.lexical * pool.lexical / best if best > 0 else np.zeros(len(pool.dense)),
            "names": self.fusion.identifier * pool.identifiers,
        }

    def _learned_parts(
        self,
        weights: RankWeights,
        pool: QuestionPool,
        extractor: FeatureExtractor,
        vector: Vectors | None,
        passages: Vectors | None,
        recall: Recall | None,
    ) -> dict[str, Floats]:
        nothing = np.zeros(len(pool.candidates))
        columns = dict(zip(extractor.names, extractor.extract(pool).T, strict=True))
        columns[HELPED] = nothing if recall is None else recall.helped
        columns[ADAPTED] = nothing
        if self.adapter is not None and vector is not None and passages is not None:
            columns[ADAPTED] = passages @ self.adapter.apply(vector) - pool.dense
        table = np.stack([columns[name] for name in weights.names], axis=1)
        contributions = weights.contributions(table)
        # Seen from the pool's mean, since a constant moves nobody.
        contributions -= contributions.mean(0) if len(contributions) else 0.0
        return dict(zip(weights.names, contributions.T, strict=True))


def _entry(memory: QueryMemory | None, place: int) -> Remembered | None:
    return memory.entries[place] if memory is not None and place >= 0 else None
