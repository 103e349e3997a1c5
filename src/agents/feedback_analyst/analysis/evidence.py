"""What is known of a failing question: where its answer stands, and what a search finds now."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from src.core.messages.insights import Action, Concern, ConcernKind
from src.core.messages.questions import Hit
from src.database.repositories.failures import DocumentFacts
from src.services.text.evidence import Weighed

from .failures import Failure, Occurrence, Shown

DEPTH = 100
"""How deep a search is repeated."""
STRONG = 0.5
"""The cosine from which on a passage is about the question: the evidence check refuses what is clearly
weaker, and of questions with an answer nearly all have such a passage."""


class Origin(StrEnum):
    """Who says that a passage answers a question."""

    VOTE = "a reader found it right"
    GOLDEN = "a golden set names it"
    CORRECTION = "a reader's correction says the same"


@dataclass(frozen=True)
class Target:
    """A place that answers the question: these passages, or for a golden set the document as a whole."""

    passage_ids: frozenset[str]
    document: DocumentFacts
    origin: Origin

    @property
    def whole(self) -> str | None:
        """The document, where all of it is meant."""
        return None if self.passage_ids else self.document.id


@dataclass(frozen=True)
class Replay:
    """The same search, made now and to a depth of ``DEPTH``."""

    hits: tuple[Hit, ...]

    @property
    def best(self) -> Hit | None:
        """The hit with the best cosine; the first of equals."""
        return max(self.hits, key=lambda hit: hit.scores.dense or 0.0, default=None)

    @property
    def best_fused(self) -> float:
        """The best score by the default fusion; 0 for nothing."""
        return max((hit.scores.fused for hit in self.hits), default=0.0)

    def rank(self, target: Target) -> int | None:
        """The place of the target, None where it is not found."""
        for hit in self.hits:
            if hit.document_id == target.whole or not target.passage_ids.isdisjoint(
                (hit.passage_id, *hit.duplicates)
            ):
                return hit.rank
        return None


@dataclass(frozen=True)
class Evidence:
    """A failing question with all that an analyzer may judge by.

    ``documents`` are those of the collection that were shown, cited or are targets, as far as they are still
    there; ``gone`` are those that are not. ``replay`` is None where the search was not repeated. ``words``
    are the question's content words. ``weighed`` is the evidence that the repeated search gives. ``usual`` is
    the best score by the default fusion that nine of ten lists reached in which readers of the collection
    found something right; None where there are too few such lists.
    """

    failure: Failure
    targets: tuple[Target, ...]
    replay: Replay | None
    documents: Mapping[str, DocumentFacts]
    gone: frozenset[str]
    words: tuple[str, ...]
    weighed: Weighed | None = None
    usual: float | None = None

    @property
    def latest(self) -> Occurrence:
        return self.failure.latest

    @property
    def missed(self) -> tuple[Target, ...]:
        """The targets that the latest list did not show."""
        return tuple(one for one in self.targets if self.shown(one) is None)

    def shown(self, target: Target) -> Shown | None:
        return self.latest.holds(target.passage_ids, target.whole)

    @property
    def found_now(self) -> bool:
        """Whether a search as long as the one that failed finds now what it missed."""
        if self.replay is None:
            return False
        length = max(len(self.latest.shown), 1)
        if self.targets:
            ranks = [self.replay.rank(target) for target in self.missed]
            return any(rank is not None and rank <= length for rank in ranks)
        best = self.replay.best
        return best is not None and best.rank <= length and self.new(best) and strong(best)

    def new(self, hit: Hit) -> bool:
        """Whether the document of the hit was added after the question was asked."""
        facts = self.documents.get(hit.document_id)
        return facts is not None and facts.created_at > self.latest.at


def strong(hit: Hit) -> bool:
    """Whether a passage is near enough to a question to be about it."""
    return (hit.scores.dense or 0.0) >= STRONG


@dataclass(frozen=True)
class Diagnosis:
    """A likely cause of one failure. ``strength``, from 0 to 1, says how well it is supported: of several
    diagnoses the strongest counts. ``sentence`` is the evidence for people."""

    cause: str
    action: Action
    strength: float
    sentence: str
    concerns: tuple[Concern, ...] = ()


def document_concern(facts: DocumentFacts) -> Concern:
    return Concern(kind=ConcernKind.DOCUMENT, id=facts.id, title=facts.name)


def passage_concern(target: Target) -> Concern:
    """The target's first passage, by the name of its document."""
    if not target.passage_ids:
        return document_concern(target.document)
    title = target.document.name
    return Concern(kind=ConcernKind.PASSAGE, id=min(target.passage_ids), title=title)


def source_concern(facts: DocumentFacts) -> tuple[Concern, ...]:
    """The source that the document comes from; none for an upload."""
    if facts.source_id is None:
        return ()
    return (Concern(kind=ConcernKind.SOURCE, id=facts.source_id, title=f"the source of {facts.external_id}"),)


Words = Callable[[str], Sequence[str]]
"""The content words of a text: stems, without stop words."""
