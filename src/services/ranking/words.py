"""Questions and passages as the features see them: analysed once, compared often."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from src.services.text.analyser import Analyser

from .identifiers import identifiers_of

LEAD = 40
"""Words of a passage that count as its lead."""
_OPENING = 24
_LONGEST = 2000
_QUOTED = re.compile(r"\"([^\"\n]{2,80})\"|(?<!\w)'([^'\n]{2,80})'(?!\w)|`([^`\n]{2,80})`")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")

Pairs = frozenset[tuple[str, str]]


@dataclass(frozen=True)
class PassageWords:
    """One passage, taken apart; worth keeping beside the passage, since it costs more than a ranking.

    ``title`` are the stems of what names the passage (document title, symbol, headings), ``opening`` those
    of its first line, ``lead`` those of the title and the first ``LEAD`` words; ``body`` holds every stem
    of title and text, and ``length`` counts them.
    """

    title: frozenset[str]
    opening: frozenset[str]
    lead: frozenset[str]
    body: frozenset[str]
    pairs: Pairs
    trigrams: frozenset[str]
    length: int
    plain: str

    @classmethod
    def of(cls, analyser: Analyser, *, title: str, text: str) -> PassageWords:
        """Analyse a passage; ``title`` joins whatever names it, and may be empty."""
        first = text.lstrip().split("\n", 1)[0]
        named = analyser.analyse(title).content
        opening = analyser.analyse(first[:400]).content[:_OPENING]
        words = analyser.analyse(text).content
        every = named + words
        return cls(
            title=frozenset(named),
            opening=frozenset(opening),
            lead=frozenset(named + words[:LEAD]),
            body=frozenset(every),
            pairs=pairs_of(every[:_LONGEST]),
            trigrams=trigrams_of(named or opening),
            length=len(every),
            plain=f"{title}\n{text}",
        )

    @cached_property
    def lowered(self) -> str:
        return self.plain.lower()

    @cached_property
    def numbers(self) -> frozenset[str]:
        return frozenset(_NUMBER.findall(self.plain))


@dataclass(frozen=True)
class Question:
    """A question, taken apart: its distinct stems in order, names, quotations and numbers."""

    stems: tuple[str, ...]
    pairs: Pairs
    trigrams: frozenset[str]
    identifiers: frozenset[str]
    quotations: tuple[str, ...]
    numbers: frozenset[str]

    @classmethod
    def of(cls, analyser: Analyser, text: str) -> Question:
        analysis = analyser.analyse(text)
        words = analysis.content or analysis.common
        quoted = (next(part for part in groups if part).lower() for groups in _QUOTED.findall(text))
        return cls(
            stems=tuple(dict.fromkeys(words)),
            pairs=pairs_of(words),
            trigrams=trigrams_of(words),
            identifiers=identifiers_of(text),
            quotations=tuple(dict.fromkeys(quoted)),
            numbers=frozenset(_NUMBER.findall(text)),
        )


def pairs_of(words: Sequence[str]) -> Pairs:
    """Neighbouring words."""
    return frozenset(pairwise(words))


def trigrams_of(words: Iterable[str]) -> frozenset[str]:
    """Three characters in a row of each word, its ends marked."""
    marked = (f"^{word}$" for word in words)
    return frozenset(word[i : i + 3] for word in marked for i in range(len(word) - 2))
