"""Whether passages that were found can hold an answer at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from src.core.messages.questions import Hit
from src.services.text.sentences import Words

_READ = 3
"""Passages whose words count: what only a later one has was hardly asked for."""


@dataclass(frozen=True)
class Weighed:
    """``cosine`` is the best dense score, ``coverage`` how much of the question's content words one of the
    first passages holds (see `coverage_of`), ``strength`` their weighted sum."""

    cosine: float
    coverage: float
    strength: float
    enough: bool


class EvidenceCheck:
    """Weighs evidence by thresholds that were calibrated on questions with and without an answer.

    A question with less than ``generating`` is answered by nobody. A model judges for itself whether the
    passages hold an answer; a quotation cannot, so it needs ``quoting``. docs/adr/0005-answers.md has the
    rates of false refusals and false answers.
    """

    def __init__(
        self, words: Words, *, weight: float = 0.3, generating: float = 0.36, quoting: float = 0.44
    ) -> None:
        self._words = words
        self._weight = weight
        self._generating = generating
        self._quoting = quoting

    @classmethod
    def at_least(cls, words: Words, least: float | None) -> EvidenceCheck:
        """One threshold for models and quotations; None for the calibrated ones."""
        return cls(words) if least is None else cls(words, generating=least, quoting=least)

    def weigh(self, question: str, hits: Sequence[Hit], *, quoting: bool) -> Weighed:
        """The evidence that ``hits`` are for ``question``; no hits are never enough."""
        asked = frozenset(self._words(question))
        cosine = max((hit.scores.dense or 0.0 for hit in hits), default=0.0)
        held = [frozenset(self._words(f"{hit.title} {hit.context} {hit.text}")) for hit in hits[:_READ]]
        coverage = coverage_of(len(asked), max((len(asked & words) for words in held), default=0))
        strength = cosine + self._weight * coverage
        enough = strength >= (self._quoting if quoting else self._generating)
        return Weighed(cosine, coverage, strength, bool(hits) and enough)


def coverage_of(asked: int, found: int) -> float:
    """The share of a question's words that were found, from 0 to 1. Of several words the first counts
    nothing: a table that holds `France` says nothing of its capital."""
    if asked <= 1:
        return float(found)
    return max(0, found - 1) / (asked - 1)
