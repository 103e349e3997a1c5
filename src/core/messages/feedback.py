"""What readers say of answers, citations and hits, and what they do without saying so."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field, StringConstraints

from .base import Access, Event, Id, Page, Reply, Request, Target, no_nul
from .lists import Cursor, Limit


class Verdict(StrEnum):
    """Whether it helped."""

    UP = "up"
    DOWN = "down"


class Reason(StrEnum):
    """What was wrong with an answer: the passages it was made from, what it made of the right passages,
    sources that are no longer true, something left out, the way it is written, or anything else."""

    WRONG_PASSAGES = "wrong_passages"
    WRONG_ANSWER = "wrong_answer"
    OUTDATED = "outdated"
    INCOMPLETE = "incomplete"
    WRONG_TONE = "wrong_tone"
    OTHER = "other"


class RatingKind(StrEnum):
    """What is rated: an answer as a whole, one of its citations, or a hit of a search."""

    ANSWER = "answer"
    CITATION = "citation"
    HIT = "hit"


class RatingState(StrEnum):
    """A rating is `new` until it is checked, within moments. Then it is `counted` and teaches, or `held`
    until an administrator releases or discards it."""

    NEW = "new"
    COUNTED = "counted"
    HELD = "held"
    DISCARDED = "discarded"


def _text(text: str | None) -> str | None:
    return no_nul(text) if text else None


Marker = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,20}$")]
Comment = Annotated[
    str | None, StringConstraints(strip_whitespace=True, max_length=4000), AfterValidator(_text)
]
Correction = Annotated[
    str | None, StringConstraints(strip_whitespace=True, max_length=20_000), AfterValidator(_text)
]


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("is too far away") from None


Moment = Annotated[datetime, AfterValidator(_in_utc)]


class Rating(Reply):
    """One user's rating of one thing. ``question`` is what was searched for, ``query_id`` the search that
    showed it and ``place`` the rank at which it did. ``held_reason`` says why a rating waits."""

    id: str
    kind: RatingKind
    verdict: Verdict
    state: RatingState
    held_reason: str | None
    answer_id: str | None
    marker: str | None
    query_id: str
    passage_id: str | None
    document_id: str | None
    collection_id: str | None
    place: int | None
    question: str
    stars: int | None
    reasons: tuple[Reason, ...]
    comment: str | None
    correction: str | None
    rated_by: str
    reviewed_by: str | None
    created_at: datetime
    updated_at: datetime


class RateAnswer(Request[Rating]):
    """Rate an answer that was given to the caller. A second rating replaces the first."""

    capability: ClassVar[str] = "answer.rate"
    access: ClassVar[Access] = Access.read(Target.ANSWER, "answer_id")
    answer_id: Id
    verdict: Verdict
    stars: int | None = Field(None, ge=1, le=5)
    reasons: tuple[Reason, ...] = Field((), max_length=20)
    comment: Comment = None
    correction: Correction = None


class UnrateAnswer(Request[None]):
    """Take back the caller's rating of an answer that was given to them; harmless where there is none."""

    capability: ClassVar[str] = "answer.unrate"
    access: ClassVar[Access] = Access.signed_in()
    answer_id: Id


class AnswerRatings(Request[Page[Rating]]):
    """The caller's own ratings of an answer, of its citations and of the passages it was made from."""

    capability: ClassVar[str] = "answer.ratings"
    access: ClassVar[Access] = Access.read(Target.ANSWER, "answer_id")
    answer_id: Id


class RateCitation(Request[Rating]):
    """Say whether a citation supports the answer that was given to the caller."""

    capability: ClassVar[str] = "citation.rate"
    access: ClassVar[Access] = Access.read(Target.ANSWER, "answer_id")
    answer_id: Id
    marker: Marker
    verdict: Verdict


class UnrateCitation(Request[None]):
    """Take back the caller's rating of a citation that was shown to them; harmless where there is none."""

    capability: ClassVar[str] = "citation.unrate"
    access: ClassVar[Access] = Access.signed_in()
    answer_id: Id
    marker: Marker


class RateHit(Request[Rating]):
    """Say whether a passage that a search showed to the caller was right for it."""

    capability: ClassVar[str] = "hit.rate"
    access: ClassVar[Access] = Access.signed_in()
    query_id: Id
    passage_id: Id
    verdict: Verdict


class UnrateHit(Request[None]):
    """Take back the caller's rating of a hit that was shown to them; harmless where there is none."""

    capability: ClassVar[str] = "hit.unrate"
    access: ClassVar[Access] = Access.signed_in()
    query_id: Id
    passage_id: Id


class ListFeedback(Request[Page[Rating]]):
    """Ratings, newest first: the caller's own, and everybody's in collections that the caller may write in.
    Administrators see all. `since` is the time of the last change."""

    capability: ClassVar[str] = "feedback.list"
    access: ClassVar[Access] = Access.signed_in()
    collection_id: Id | None = None
    since: Moment | None = None
    state: RatingState | None = None
    kind: RatingKind | None = None
    verdict: Verdict | None = None
    query_id: tuple[Id, ...] | None = Field(None, max_length=200)
    mine: bool = False
    limit: Limit = 100
    cursor: Cursor = None


class Decision(StrEnum):
    """What a person decides on ratings: that they count after all, or that they never will."""

    RELEASE = "release"
    DISCARD = "discard"


class Reviewed(Reply):
    """How many ratings the decision changed."""

    changed: int


class ReviewRatings(Request[Reviewed]):
    """Decide on ratings that are held: release them, so that they count, or discard them. Ratings that are
    gone or already decided so are passed over."""

    capability: ClassVar[str] = "feedback.review"
    access: ClassVar[Access] = Access.administer()
    rating_ids: tuple[Id, ...] = Field(min_length=1, max_length=1000)
    decision: Decision


class SignalKind(StrEnum):
    """What a reader did with what was shown."""

    OPENED = "opened"
    COPIED = "copied"
    ASKED_AGAIN = "asked_again"
    LEFT = "left"


class NoteSignal(Request[None]):
    """Note what the caller did with an answer, or with a passage that a search showed: weak evidence, kept
    apart from ratings. `query_id` is the search, also that behind an answer."""

    capability: ClassVar[str] = "signal.note"
    access: ClassVar[Access] = Access.signed_in()
    kind: SignalKind
    query_id: Id
    answer_id: Id | None = None
    passage_id: Id | None = None


class _RatingEvent(Event):
    """What subscribers need of a rating, and no words of its user. ``experiment_id`` is set where the list
    that showed it was interleaved."""

    rating_id: str
    kind: RatingKind
    verdict: Verdict
    user_id: str
    collection_id: str | None
    document_id: str | None
    passage_id: str | None
    content_key: str | None
    answer_id: str | None
    search_id: str
    experiment_id: str | None
    question_key: str
    place: int | None
    reasons: tuple[Reason, ...] = ()

    def ordering_key(self) -> str | None:
        return self.rating_id


class RatingReceived(Event):
    """A rating was given or changed, and waits to be checked."""

    topic: ClassVar[str] = "rating.received.v1"
    rating_id: str
    collection_id: str | None

    def ordering_key(self) -> str | None:
        return self.rating_id


class RatingGiven(_RatingEvent):
    """A rating counts from now on: it was given or changed and passed the check, or it was released. One
    rating may be given again, with another verdict."""

    topic: ClassVar[str] = "rating.given.v1"


class RatingRetracted(_RatingEvent):
    """Its user took a rating back, and it is gone."""

    topic: ClassVar[str] = "rating.retracted.v1"


class RatingsHeld(Event):
    """Ratings of one collection do not count, or no longer, until somebody has looked at them."""

    topic: ClassVar[str] = "rating.held.v1"
    collection_id: str | None
    rating_ids: tuple[str, ...]
    reasons: tuple[str, ...]

    def ordering_key(self) -> str | None:
        return self.collection_id


class RatingReviewed(_RatingEvent):
    """An administrator released a rating (it is given, too) or discarded it (it does not count)."""

    topic: ClassVar[str] = "rating.reviewed.v1"
    decision: Decision
    by: str
