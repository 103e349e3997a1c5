"""Folding passages with nearly the same text into the best-ranked of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from typing import Any

SHINGLE = 4
ALIKE = 0.9

_TOKEN = re.compile(r"\w+|[^\w\s]")
_LENGTHS_ALIKE = 0.85
_COUNTS_ALIKE = 0.08
_COUNTS_APART = 4


def fold(ranked: Sequence[tuple[str, str]]) -> list[tuple[str, tuple[str, ...]]]:
    """For ``(id, text)`` best first: each passage that stays, with the ids of those it stands for.

    Two texts are nearly the same where the Jaccard similarity of their shingles of four tokens is at
    least ``ALIKE`` (Broder, "On the resemblance and containment of documents", 1997). Case and white
    space do not count; operators and brackets do, since in code they are the difference.

    Only texts are compared whose lengths and whose numbers of some letters are much the same: such
    shingles leave room for one other word in twenty, and hardly any two other texts have these alike.
    """
    kept: list[tuple[int, int, int, int, _Text]] = []
    for key, written in ranked:
        text = written.lower()
        # Without the white space of most texts, and without reading them letter by letter.
        length = len(text) - text.count(" ") - text.count("\n")
        e, t, a = text.count("e"), text.count("t"), text.count("a")
        shortest, longest = _LENGTHS_ALIKE * length, length / _LENGTHS_ALIKE
        passage = _Text(key, text)
        for its_length, its_e, its_t, its_a, other in kept:
            if (
                shortest <= its_length <= longest
                and abs(e - its_e) <= _COUNTS_APART + _COUNTS_ALIKE * e
                and abs(t - its_t) <= _COUNTS_APART + _COUNTS_ALIKE * t
                and abs(a - its_a) <= _COUNTS_APART + _COUNTS_ALIKE * a
                and passage.resembles(other)
            ):
                other.duplicates.append(key)
                break
        else:
            kept.append((length, e, t, a, passage))
    return [(passage.key, tuple(passage.duplicates)) for *_, passage in kept]


class _Text:
    """A passage's text in lower case, taken apart only as far as a comparison needs it."""

    def __init__(self, key: str, text: str) -> None:
        self.key = key
        self.duplicates: list[str] = []
        self._text = text

    def resembles(self, other: _Text) -> bool:
        """Of two texts of much the same length, whether they are nearly the same."""
        if self._pieces == other._pieces:
            return True
        if 2 * len(self._words & other._words) < len(self._words):
            return False
        return _jaccard(self._shingles, other._shingles) >= ALIKE

    @cached_property
    def _pieces(self) -> list[str]:
        return self._text.split()

    @cached_property
    def _words(self) -> frozenset[str]:
        return frozenset(self._pieces)

    @cached_property
    def _shingles(self) -> frozenset[tuple[str, ...]]:
        tokens = _TOKEN.findall(" ".join(self._pieces))
        if len(tokens) < SHINGLE:
            return frozenset([tuple(tokens)])
        return frozenset(zip(*(tokens[start:] for start in range(SHINGLE)), strict=False))


def _jaccard(one: frozenset[Any], other: frozenset[Any]) -> float:
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared)
