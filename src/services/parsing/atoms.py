"""The smallest parts that a passage is put together from: lines, or parts of a monstrous line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .lines import Lines
from .tokens import TokenCounter

CHARACTERS_PER_TOKEN = 12
"""A model may take a huge word for one piece; a reader may not, so this many letters count as one."""

_SENTENCE = re.compile(r".*?[.!?;:][)\"'\]]*(?:\s+|$)|.+?$", re.DOTALL)
_WORD = re.compile(r"\S+\s*|\s+")
_LONGEST_SENTENCE = 50_000


@dataclass(frozen=True, slots=True)
class Atom:
    """A line, or a part of one (``first`` is False for the second and later parts of a line)."""

    line: int
    text: str
    weight: int
    first: bool = True


class Scale:
    """Weighs lines in tokens: the count of the model, or the length where that says more.

    What is heavier than ``limit`` by its length alone is not counted as a whole.
    """

    def __init__(self, lines: Lines, count: TokenCounter, limit: int) -> None:
        self._lines = lines
        self._count = count
        self._limit = limit
        self._total = [0]
        for weight in self._weigh(lines.all):
            self._total.append(self._total[-1] + weight)

    def weight(self, start: int, end: int) -> int:
        """Tokens of lines ``start`` to ``end``, both included."""
        return self._total[end] - self._total[start - 1]

    def atoms(self, start: int, end: int) -> list[Atom]:
        """The lines as atoms none of which is heavier than the limit."""
        atoms: list[Atom] = []
        for number in range(start, end + 1):
            weight = self.weight(number, number)
            if weight <= self._limit:
                atoms.append(Atom(number, self._lines[number], weight))
            else:
                parts = self._break(self._lines[number])
                atoms += [Atom(number, text, heft, first=i == 0) for i, (text, heft) in enumerate(parts)]
        return atoms

    def _weigh(self, texts: list[str]) -> list[int]:
        weights = [-(-len(text) // CHARACTERS_PER_TOKEN) for text in texts]
        counted = [i for i, text in enumerate(texts) if text and weights[i] <= self._limit]
        for index, tokens in zip(counted, self._count([texts[i] for i in counted]), strict=True):
            weights[index] = max(weights[index], tokens)
        return weights

    def _break(self, line: str) -> Iterator[tuple[str, int]]:
        """The line in sentences, a sentence too long in words, a word too long in letters."""
        sentences = [part for whole in _SENTENCE.findall(line) for part in _slices(whole, _LONGEST_SENTENCE)]
        for sentence, weight in zip(sentences, self._weigh(sentences), strict=True):
            if weight <= self._limit:
                yield sentence, weight
            else:
                words = [part for word in _WORD.findall(sentence) for part in _slices(word, self._limit)]
                yield from self._pack(words)

    def _pack(self, words: list[str]) -> Iterator[tuple[str, int]]:
        run: list[str] = []
        total = 0
        for word, weight in zip(words, self._weigh(words), strict=True):
            if run and total + weight + 1 > self._limit:
                yield "".join(run), total
                run, total = [], 0
            run.append(word)
            total += weight
        if run:
            yield "".join(run), total


def _slices(word: str, length: int) -> list[str]:
    return [word[i : i + length] for i in range(0, len(word), length)]
