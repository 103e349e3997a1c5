"""Questions that are nearly the same, kept together so that none is judged by what its twin taught."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from src.core.ports import Vectors

NEAR = 0.95
"""Cosine from which two questions count as one across a split."""
_ROWS = 512


def group_questions(
    vectors: Vectors, *, near: float = NEAR, links: Iterable[tuple[int, int]] = ()
) -> NDArray[np.int64]:
    """A group for each row of unit vectors: those within ``near`` of one another, directly or by way of
    others, share one, and so do the pairs of ``links``. Groups are numbered by their first row."""
    parent = list(range(len(vectors)))

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    def join(one: int, other: int) -> None:
        low, high = sorted((root(one), root(other)))
        parent[high] = low

    for one, other in (*_near_pairs(vectors, near), *links):
        join(one, other)
    roots = [root(row) for row in range(len(vectors))]
    numbers = {first: number for number, first in enumerate(dict.fromkeys(roots))}
    return np.array([numbers[first] for first in roots], np.int64)


def near_any(vectors: Vectors, others: Vectors, near: float = NEAR) -> NDArray[np.bool_]:
    """Which rows are within ``near`` of any of the others."""
    if not len(vectors) or not len(others):
        return np.zeros(len(vectors), bool)
    parts = [
        (vectors[start : start + _ROWS] @ others.T).max(1) >= near for start in range(0, len(vectors), _ROWS)
    ]
    return np.concatenate(parts)


def _near_pairs(vectors: Vectors, near: float) -> list[tuple[int, int]]:
    pairs: list[tuple[int, int]] = []
    for start in range(0, len(vectors), _ROWS):
        cosines = vectors[start : start + _ROWS] @ vectors.T
        rows, columns = np.nonzero(cosines >= near)
        pairs += [(start + row, column) for row, column in zip(rows.tolist(), columns.tolist(), strict=True)]
    return [(one, other) for one, other in pairs if one < other]


def group_judged(
    liked: Iterable[tuple[str, str]], vectors: Mapping[str, Vectors], *, near: float, by_passage: bool
) -> dict[str, int]:
    """A group for each question of ``vectors`` (by key). With ``by_passage`` questions that share a liked
    passage are one group too; ``liked`` are pairs of question key and passage."""
    if not vectors:
        return {}
    keys = sorted(vectors)
    row_of = {key: row for row, key in enumerate(keys)}
    first: dict[str, int] = {}
    links = [
        (first.setdefault(passage, row_of[question]), row_of[question])
        for question, passage in sorted(liked)
        if by_passage
    ]
    groups = group_questions(np.stack([vectors[key] for key in keys]), near=near, links=links)
    return dict(zip(keys, groups.tolist(), strict=True))
