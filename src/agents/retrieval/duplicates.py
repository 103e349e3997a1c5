"""Folding passages with nearly the same text into the best-ranked of them."""

from __future__ import annotations

import re
from collections.abc import Sequence

SHINGLE = 4
ALIKE = 0.9

_WORD = re.compile(r"\w+")


def fold(ranked: Sequence[tuple[str, str]]) -> list[tuple[str, tuple[str, ...]]]:
    """For ``(id, text)`` best first: each passage that stays, with the ids of those it stands for.

    Two texts are nearly the same where the Jaccard similarity of their word shingles is at least
    ``ALIKE`` (Broder, "On the resemblance and containment of documents", 1997).
    """
    kept: list[tuple[str, frozenset[int], list[str]]] = []
    for key, text in ranked:
        shingles = _shingles(text)
        for _, other, duplicates in kept:
            if _alike(shingles, other):
                duplicates.append(key)
                break
        else:
            kept.append((key, shingles, []))
    return [(key, tuple(duplicates)) for key, _, duplicates in kept]


def _shingles(text: str) -> frozenset[int]:
    words = _WORD.findall(text.lower()) or [text.strip()]
    if len(words) <= SHINGLE:
        return frozenset([hash(tuple(words))])
    return frozenset(hash(tuple(words[i : i + SHINGLE])) for i in range(len(words) - SHINGLE + 1))


def _alike(one: frozenset[int], other: frozenset[int]) -> bool:
    small, large = sorted((len(one), len(other)))
    if small < ALIKE * large:
        return False
    shared = len(one & other)
    return shared >= ALIKE * (len(one) + len(other) - shared)
