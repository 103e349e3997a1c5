"""Judged questions, the training data of every rung."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from src.core.ports import Vectors

from .features import Floats

DOWN_VOTE = 0.5
"""What a down-vote counts against an up-vote: a reader who found nothing right often blames the first hit."""


@dataclass(frozen=True)
class Example:
    """One question with its pool of candidates and its votes.

    ``keys`` names the passages of the pool by content, ``rows`` says which row of the matrix of passage
    vectors each is; ``features`` is ``(candidates, features)``; ``dense`` and ``fused`` are the cosine and
    the score of the default fusion. ``ups`` and ``downs`` give the votes by passage key; passages beside
    the pool count for the memory only; ``readers`` names who liked a passage, as far as that is known.
    Examples with the same ``group`` (the same question, however often
    it was asked) never meet across a split.
    """

    group: int
    vector: Vectors
    keys: tuple[str, ...]
    rows: NDArray[np.intp]
    features: Floats
    dense: Floats
    fused: Floats
    ups: Mapping[str, float]
    downs: Mapping[str, float] = field(default_factory=dict)
    readers: Mapping[str, Collection[str]] = field(default_factory=dict)

    def preference(self, key: str) -> float:
        """Up-votes less half the down-votes."""
        return self.ups.get(key, 0.0) - DOWN_VOTE * self.downs.get(key, 0.0)

    @property
    def target(self) -> Floats:
        """How the votes spread over the pool, adding up to 1, or all 0 where none is for one of it."""
        liked = np.array([max(0.0, self.preference(key)) for key in self.keys])
        total = liked.sum()
        return np.asarray(liked / total if total > 0 else liked)


@dataclass(frozen=True)
class Batch:
    """Lists padded to the longest: ``features`` ``(lists, candidates, features)``, the others
    ``(lists, candidates)``, ``present`` False where a list is shorter."""

    features: Floats
    fused: Floats
    target: Floats
    present: NDArray[np.bool_]
    group: NDArray[np.int64]

    @classmethod
    def of(cls, examples: Sequence[Example], extra: Sequence[Floats] | None = None) -> Batch:
        """``extra`` are columns beside the examples' own, ``(candidates, columns)`` for each example."""
        longest = max(len(item.keys) for item in examples)
        own = examples[0].features.shape[1]
        width = own + (extra[0].shape[1] if extra else 0)
        features = np.zeros((len(examples), longest, width))
        fused = np.zeros((len(examples), longest))
        target = np.zeros((len(examples), longest))
        present = np.zeros((len(examples), longest), bool)
        for row, item in enumerate(examples):
            count = len(item.keys)
            features[row, :count, :own], fused[row, :count] = item.features, item.fused
            if extra:
                features[row, :count, own:] = extra[row]
            target[row, :count], present[row, :count] = item.target, True
        return cls(features, fused, target, present, np.array([item.group for item in examples], np.int64))

    def pick(self, chosen: NDArray[np.bool_]) -> Batch:
        return Batch(
            self.features[chosen],
            self.fused[chosen],
            self.target[chosen],
            self.present[chosen],
            self.group[chosen],
        )


def folds_of(groups: NDArray[np.int64], count: int, seed: int) -> NDArray[np.int64]:
    """A fold from 0 to ``count - 1`` for each row; rows of one group share it."""
    distinct, inverse = np.unique(groups, return_inverse=True)
    order = np.random.default_rng(seed).permutation(len(distinct))
    return np.asarray(order[inverse] % count)


def softmax(logits: Floats, present: NDArray[np.bool_]) -> Floats:
    """Over the last axis, 0 where nothing is present."""
    masked = np.where(present, logits, -np.inf)
    raised = np.exp(masked - masked.max(-1, keepdims=True))
    return np.asarray(raised / raised.sum(-1, keepdims=True))


def ndcg(scores: Floats, target: Floats, present: NDArray[np.bool_], depth: int = 10) -> Floats:
    """nDCG of each list, every candidate with any preference being right; ties go to the first."""
    order = np.argsort(np.where(present, -scores, np.inf), axis=1, kind="stable")[:, :depth]
    discount = 1 / np.log2(np.arange(2, order.shape[1] + 2))
    right = target > 0
    gained = (np.take_along_axis(right, order, 1) * discount).sum(1)
    ideal = np.cumsum(discount)[np.clip(right.sum(1), 1, len(discount)) - 1]
    return np.asarray(gained / ideal)
