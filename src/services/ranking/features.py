"""What a candidate shows beside its fused score, as numbers that a linear model can weigh."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .identifiers import share_found
from .words import PassageWords, Question

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Candidate:
    """A passage of a question's pool with the score of both stages; 0 where a stage did not score it."""

    passage_id: str
    words: PassageWords
    dense: float
    lexical: float


class QuestionPool:
    """A question and its candidates; what several features need is computed once."""

    def __init__(self, question: Question, candidates: Sequence[Candidate]) -> None:
        self.question = question
        self.candidates = candidates

    @cached_property
    def words(self) -> list[PassageWords]:
        return [candidate.words for candidate in self.candidates]

    @cached_property
    def dense(self) -> Floats:
        return np.array([candidate.dense for candidate in self.candidates], float)

    @cached_property
    def lexical(self) -> Floats:
        return np.array([candidate.lexical for candidate in self.candidates], float)

    @cached_property
    def identifiers(self) -> Floats:
        """Share of the question's identifiers that each candidate holds."""
        names = self.question.identifiers
        if not names:
            return np.zeros(len(self.candidates))
        return np.array([share_found(names, words.plain) for words in self.words])

    @cached_property
    def body(self) -> NDArray[np.bool_]:
        """Which of the question's stems stand in which candidate, shape ``(candidates, stems)``."""
        return self.found([words.body for words in self.words])

    @cached_property
    def rarity(self) -> Floats:
        """Inverse document frequency of each stem within the pool, adding up to 1."""
        count, holders = len(self.candidates), self.body.sum(0)
        rarity = np.log1p((count - holders + 0.5) / (holders + 0.5))
        total = rarity.sum()
        return np.asarray(rarity / total if total > 0 else rarity)

    def found(self, places: Sequence[frozenset[str]]) -> NDArray[np.bool_]:
        stems = self.question.stems
        rows = [[stem in place for stem in stems] for place in places]
        return np.array(rows, bool).reshape(len(places), len(stems))


class Feature(Protocol):
    """One number for each candidate. A new feature is a class with a name and this method."""

    @property
    def name(self) -> str: ...

    def values(self, pool: QuestionPool) -> Floats:
        """Finite numbers, shape ``(candidates,)``; larger need not mean better."""


class FeatureExtractor:
    """Computes a fixed list of features; its ``names`` say which column is which."""

    def __init__(self, features: Sequence[Feature]) -> None:
        self._features = tuple(features)
        self.names = tuple(feature.name for feature in self._features)
        if len(set(self.names)) < len(self.names):
            raise ValueError(f"two features share a name: {sorted(self.names)}")

    def extract(self, pool: QuestionPool) -> Floats:
        """Shape ``(candidates, features)``."""
        table = np.empty((len(pool.candidates), len(self._features)))
        for column, feature in enumerate(self._features):
            table[:, column] = feature.values(pool)
        return table


def share_of(one: frozenset[str], other: frozenset[str]) -> float:
    """How much of ``one`` is in ``other``."""
    return len(one & other) / len(one) if one else 0.0
