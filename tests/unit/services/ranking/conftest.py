"""Votes with a known truth behind them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from src.core.ports import Vectors
from src.services.ranking.examples import Example

DIMENSIONS = 24
NAMES = ("signal", "noise", "constant")


@dataclass(frozen=True)
class Planted:
    """Questions whose right passage is known: ``signal`` points at it, the cosine only half."""

    examples: list[Example]
    passages: Vectors
    names: tuple[str, ...] = NAMES


def unit(vectors: Vectors) -> Vectors:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True), np.float32)


def _planted(
    count: int,
    *,
    signal: float = 1.0,
    turned: bool = False,
    shuffled: bool = False,
    seed: int = 0,
    candidates: int = 12,
) -> Planted:
    """``turned``: questions lie in a part of the space that a linear map takes to their passages.
    ``shuffled``: the votes went to passages picked at random."""
    rng = np.random.default_rng(seed)
    passages = unit(rng.normal(size=(count + 40, DIMENSIONS)).astype(np.float32))
    turn = np.eye(DIMENSIONS, dtype=np.float32)
    if turned:
        turn += 0.8 * rng.normal(size=(DIMENSIONS, DIMENSIONS)).astype(np.float32) / DIMENSIONS**0.5
    examples = []
    for number in range(count):
        noise = rng.normal(size=DIMENSIONS).astype(np.float32) / DIMENSIONS**0.5
        vector = unit(passages[number] @ turn + 2.5 * noise)
        others = rng.choice(len(passages), candidates - 1, replace=False)
        rows = np.unique(np.append(others, number)).astype(np.intp)
        right = rows == number
        features = np.stack(
            [signal * right + rng.normal(size=len(rows)), rng.normal(size=len(rows)), np.ones(len(rows))], 1
        )
        dense = (passages[rows] @ vector).astype(float)
        liked = str(rng.choice(rows)) if shuffled else str(number)
        keys = tuple(map(str, rows))
        examples.append(Example(number, vector, keys, rows, features, dense, dense.copy(), {liked: 1.0}))
    return Planted(examples, passages)


@pytest.fixture(scope="session")
def planted() -> Callable[..., Planted]:
    return _planted


@pytest.fixture(scope="session")
def first_ranked() -> Callable[[Sequence[Example], Sequence[np.ndarray]], float]:
    """Share of the questions whose liked passage has the best score."""

    def share(examples: Sequence[Example], scores: Sequence[np.ndarray]) -> float:
        right = [bool(e.target[int(np.argmax(s))] > 0) for e, s in zip(examples, scores, strict=True)]
        return sum(right) / len(right)

    return share
