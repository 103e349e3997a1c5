"""Memory of answered questions: what helped one helps those that ask nearly the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from src.core.ports import Vectors

from .features import Floats

HALF_LIFE_DAYS = 365.0
MOST_PER_PASSAGE = 64
MOST_SUGGESTED = 50
_NOTHING = -1


@dataclass(frozen=True)
class Remembered:
    """What readers thought of a passage for one question.

    ``passage_key`` names content, so that it survives re-indexing. ``weight`` is above 0 where it helped
    and below 0 where it did not, at most 1 either way. ``question_id`` tells questions apart.
    """

    question_id: str
    vector: Vectors
    passage_key: str
    weight: float
    age_days: float = 0.0


@dataclass(frozen=True)
class Recall:
    """For each candidate the strongest memory that speaks for it and against it, 0 where there is none,
    and the places of both in ``QueryMemory.entries``, -1 where there is none. Shapes ``(candidates,)``."""

    helped: Floats
    harmed: Floats
    helped_by: NDArray[np.intp]
    harmed_by: NDArray[np.intp]


@dataclass(frozen=True)
class MemorySettings:
    """What memory lifts before weights are learned: ``lift`` times the nearness of the two questions; a
    down-vote takes ``drop`` times it away.

    Nearness is their cosine where that is at least ``threshold``. ``sloped``, it grows from 0 there to 1 for
    the same question, by the cube: what is worded alike but means something else stands near the
    threshold, and to lift what helped it puts a wrong passage above the right one.
    """

    threshold: float = 0.8
    lift: float = 0.1
    drop: float = 0.05
    sloped: bool = False

    def nearness(self, cosines: Floats) -> Floats:
        """For any number of cosines; 0 below the threshold."""
        near = np.asarray(cosines, float)
        if self.sloped:
            near = np.clip((near - self.threshold) / (1.0 - self.threshold), 0.0, 1.0) ** 3
        return np.where(np.asarray(cosines) >= self.threshold, near, 0.0)


LEARNED = MemorySettings(lift=0.3, drop=0.1, sloped=True)
"""What learned weights see of memory; they can only raise its lift. Over all, 0.3 of the slope gains what
0.1 of the plain cosine does where questions repeat."""


class QueryMemory:
    """Votes by question, looked up by passage: a question costs as many products as its candidates have
    entries, and each passage keeps the ``MOST_PER_PASSAGE`` that weigh most."""

    def __init__(self, entries: Iterable[Remembered] = (), half_life_days: float = HALF_LIFE_DAYS) -> None:
        kept = [entry for entry in entries if entry.weight != 0.0]
        weights = [
            max(-1.0, min(1.0, entry.weight)) * 0.5 ** (max(entry.age_days, 0.0) / half_life_days)
            for entry in kept
        ]
        places: dict[str, list[int]] = defaultdict(list)
        for place, entry in enumerate(kept):
            places[entry.passage_key].append(place)
        self.entries = kept
        self._half_life_days = half_life_days
        self._questions = frozenset(entry.question_id for entry in kept)
        self._weights = np.array(weights)
        self._vectors = np.stack([entry.vector for entry in kept]) if kept else np.zeros((0, 0), np.float32)
        self._places = {
            key: sorted(found, key=lambda place: -abs(weights[place]))[:MOST_PER_PASSAGE]
            for key, found in places.items()
        }

    def __len__(self) -> int:
        return len(self.entries)

    def without(self, question_id: str) -> QueryMemory:
        """The same, as if this question had never been voted on."""
        if question_id not in self._questions:
            return self
        rest = [entry for entry in self.entries if entry.question_id != question_id]
        return QueryMemory(rest, self._half_life_days)

    def near(self, vector: Vectors, threshold: float) -> frozenset[str]:
        """The passages that helped questions with at least this cosine: candidates whatever the lists say.
        Of more than ``MOST_SUGGESTED`` those of the nearest questions: a search reads each of them."""
        if not self.entries:
            return frozenset()
        cosines = self._vectors @ vector
        places = np.flatnonzero((cosines >= threshold) & (self._weights > 0))
        nearest = places[np.argsort(-cosines[places], kind="stable")]
        suggested = dict.fromkeys(self.entries[place].passage_key for place in nearest)
        return frozenset(islice(suggested, MOST_SUGGESTED))

    def concerns(self, vector: Vectors, threshold: float) -> bool:
        """Whether it holds any question with at least this cosine."""
        return bool(self.entries) and bool((self._vectors @ vector >= threshold).any())

    def recall(
        self,
        vector: Vectors,
        passage_keys: Sequence[str],
        settings: MemorySettings,
        *,
        but: Collection[str] = (),
    ) -> Recall:
        """Weigh each memory by ``|weight|`` times the nearness of the questions.
        Memories of the questions ``but`` are left out, as a cross-fit needs it."""
        count = len(passage_keys)
        recall = Recall(np.zeros(count), np.zeros(count), np.full(count, _NOTHING), np.full(count, _NOTHING))
        pairs = [
            (candidate, place)
            for candidate, key in enumerate(passage_keys)
            for place in self._places.get(key, ())
            if self.entries[place].question_id not in but
        ]
        if not pairs:
            return recall
        candidates, places = np.array(pairs).T
        strength = settings.nearness(self._vectors[places] @ vector) * np.abs(self._weights[places])
        helps = self._weights[places] > 0
        _strongest(recall.helped, recall.helped_by, candidates[helps], places[helps], strength[helps])
        _strongest(recall.harmed, recall.harmed_by, candidates[~helps], places[~helps], strength[~helps])
        return recall


def _strongest(
    best: Floats,
    best_by: NDArray[np.intp],
    candidates: NDArray[np.intp],
    places: NDArray[np.intp],
    strength: Floats,
) -> None:
    order = np.argsort(strength, kind="stable")  # the strongest is written last and stays
    order = order[strength[order] > 0]
    best[candidates[order]] = strength[order]
    best_by[candidates[order]] = places[order]
