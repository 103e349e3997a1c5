"""What readers gain or lose when memory reaches further, so that none of them decides it alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from .examples import Example, ndcg
from .features import Floats


@dataclass(frozen=True)
class Voice:
    """What a reader liked in the list of the question ``row``; ``reader`` is None for who is not known."""

    row: int
    reader: str | None
    liked: frozenset[str]


class Jury:
    """Every reader judges the questions at hand by what they liked there themselves.

    Whoever likes a few passages for hundreds of questions would else decide how far everybody's votes reach:
    a far reach finds these passages again, and loses what the others liked. So no reader counts for more
    questions than the median reader has. A question counts once at most, however many judge it. Votes that
    nobody's name stands by, such as those that a document brought along, count once each.
    """

    def __init__(self, judged: Sequence[Example]) -> None:
        self.voices = [
            Voice(row, reader, frozenset(liked))
            for row, example in enumerate(judged)
            for reader, liked in _likes(example).items()
        ]
        self._keys = [judged[voice.row].keys for voice in self.voices]
        rows = np.array([voice.row for voice in self.voices], np.intp)
        asked = Counter(voice.reader for voice in self.voices if voice.reader is not None)
        most = median(asked.values()) if asked else 1.0
        says = np.array([min(1.0, most / asked[v.reader]) if v.reader else 1.0 for v in self.voices])
        total = np.bincount(rows, says)
        self._rows, self._counts, self._shares = rows, np.minimum(1.0, total), says / total[rows]

    def change(self, before: Sequence[Floats], after: Sequence[Floats]) -> tuple[float, float]:
        """The mean change of nDCG@10 between two scores of each voice's list, and its standard error."""
        longest = max(map(len, self._keys))
        shape = (len(self.voices), longest)
        target, present, scores = np.zeros(shape), np.zeros(shape, bool), np.zeros((2, *shape))
        for place, (voice, keys) in enumerate(zip(self.voices, self._keys, strict=True)):
            count = len(keys)
            target[place, :count] = [key in voice.liked for key in keys]
            present[place, :count] = True
            scores[:, place, :count] = before[place][:count], after[place][:count]
        gained = ndcg(scores[1], target, present) - ndcg(scores[0], target, present)
        change = np.bincount(self._rows, self._shares * gained)
        mean = np.average(change, weights=self._counts)
        error = np.sqrt((self._counts**2 * (change - mean) ** 2).sum()) / self._counts.sum()
        return float(mean), float(error)


def _likes(example: Example) -> dict[str | None, set[str]]:
    """What each reader liked of the pool, of what helped on the whole; None stands for who is not known."""
    found: dict[str | None, set[str]] = {}
    for key in example.keys:
        if example.preference(key) > 0:
            for reader in sorted(example.readers.get(key, ())) or (None,):
                found.setdefault(reader, set()).add(key)
    return found
