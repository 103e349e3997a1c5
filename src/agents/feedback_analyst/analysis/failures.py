"""Failing questions, as they were asked and shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from src.core.messages.feedback import Reason
from src.core.ports import Vectors


class Sign(StrEnum):
    """What shows that a question failed."""

    ANSWER_DISLIKED = "answer_disliked"
    CITATION_DISLIKED = "citation_disliked"
    HIT_DISLIKED = "hit_disliked"
    REFUSED = "refused"
    UNSUPPORTED = "unsupported"
    ASKED_AGAIN = "asked_again"


@dataclass(frozen=True, slots=True)
class Shown:
    """A passage of the list that was shown, with its cosine and its score by the default fusion;
    ``stands_for`` are its near-duplicates."""

    passage_id: str
    document_id: str
    rank: int
    dense: float
    fused: float
    stands_for: tuple[str, ...] = ()


@dataclass
class Occurrence:
    """One time that a question was asked and failed. ``answer_id`` is None for a plain search.

    ``cited`` are the passages that the answer cites, ``versions`` the hashes of the documents that it cites,
    as they were. ``searched`` are the collections that were searched, ``among`` those of what was shown.
    ``accepted`` is True where the answer as a whole was liked. ``signals`` is what its reader then did."""

    search_id: str
    question: str
    question_key: str
    user_id: str | None
    at: datetime
    answer_id: str | None = None
    shown: tuple[Shown, ...] = ()
    cited: frozenset[str] = frozenset()
    versions: dict[str, str | None] = field(default_factory=dict)
    searched: frozenset[str] = frozenset()
    among: frozenset[str] = frozenset()
    signs: set[Sign] = field(default_factory=set)
    reasons: set[Reason] = field(default_factory=set)
    rating_ids: set[str] = field(default_factory=set)
    corrections: list[str] = field(default_factory=list)
    liked: frozenset[str] = frozenset()
    accepted: bool = False
    signals: frozenset[str] = frozenset()
    disliked: set[str] = field(default_factory=set)

    def holds(self, passage_ids: frozenset[str], document_id: str | None) -> Shown | None:
        """The first of the list that is one of these passages, or is of the document."""
        for item in self.shown:
            if item.passage_id in passage_ids or not passage_ids.isdisjoint(item.stands_for):
                return item
            if document_id is not None and item.document_id == document_id:
                return item
        return None

    @property
    def best(self) -> float:
        """The best cosine of what was shown; 0 for nothing."""
        return max((item.dense for item in self.shown), default=0.0)

    @property
    def best_fused(self) -> float:
        """The best score by the default fusion of what was shown; 0 for nothing."""
        return max((item.fused for item in self.shown), default=0.0)

    @property
    def failed(self) -> bool:
        """Whether it is a failure at all: an answer that was liked is none, whatever it cites, nor is a hit
        that was disliked below one that was liked."""
        if self.accepted and Sign.ANSWER_DISLIKED not in self.signs:
            return False
        if self.signs != {Sign.HIT_DISLIKED}:
            return bool(self.signs)
        liked = [item.rank for item in self.shown if item.passage_id in self.liked]
        disliked = [item.rank for item in self.shown if item.passage_id in self.disliked]
        return not liked or min(disliked, default=0) < min(liked)


@dataclass(frozen=True)
class Failure:
    """One question that failed in a collection, with each time that it did, the newest first."""

    key: str
    question: str
    vector: Vectors
    occurrences: tuple[Occurrence, ...]

    @property
    def latest(self) -> Occurrence:
        return self.occurrences[0]

    @cached_property
    def signs(self) -> frozenset[Sign]:
        return frozenset(sign for one in self.occurrences for sign in one.signs)

    @cached_property
    def reasons(self) -> frozenset[Reason]:
        return frozenset(reason for one in self.occurrences for reason in one.reasons)

    @property
    def refused(self) -> bool:
        """Whether the latest answer said that the sources hold none."""
        return Sign.REFUSED in self.latest.signs

    def counted(self, since: datetime, until: datetime) -> set[tuple[str | None, str]]:
        """The failures of a period, once for each reader and question."""
        return {(one.user_id, self.key) for one in self.occurrences if since <= one.at < until}


def by_question(occurrences: Sequence[Occurrence]) -> dict[str, list[Occurrence]]:
    """The occurrences of each question, the newest first; the newest question first."""
    ordered = sorted(occurrences, key=lambda one: (one.at, one.search_id), reverse=True)
    found: dict[str, list[Occurrence]] = {}
    for one in ordered:
        found.setdefault(one.question_key, []).append(one)
    return found
