"""Golden sets: questions with known right documents, by which models are measured and never trained."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from pydantic import Field

from .base import Access, Id, Message, Page, Reply, Request, Target, Text
from .lists import Cursor, Limit
from .questions import Question


class GoldenSet(Reply):
    """Questions with known right documents; ``margin`` is how far a candidate may fall on them (nDCG).
    ``unfound`` are those of which no right document is in the collection: every model misses them alike, so
    that they measure nothing."""

    id: str
    collection_id: str
    name: str
    origin: str
    margin: float
    questions: int
    unfound: int = 0
    created_at: datetime


class GoldenJudgment(Message):
    """A right document of a question, by its external id, with its grade."""

    external_id: Text = Field(min_length=1, max_length=2000)
    grade: float = Field(1.0, gt=0, le=100)


class GoldenQuestion(Message):
    """A question and what answers it."""

    question: Question
    judgments: tuple[GoldenJudgment, ...] = Field(min_length=1, max_length=1000)


class AddGoldenSet(Request[GoldenSet]):
    """Add questions with known right documents to a collection; the same name again adds to it."""

    capability: ClassVar[str] = "golden-set.add"
    access: ClassVar[Access] = Access.write(Target.COLLECTION, "collection_id")
    collection_id: Id
    name: Text = Field(min_length=1, max_length=180)
    margin: float = Field(0.005, ge=0, le=1)
    questions: tuple[GoldenQuestion, ...] = Field(min_length=1, max_length=10_000)


class AcceptGoldenQuestion(Request[GoldenSet]):
    """Take the question of an up-vote, with the document that was voted for, into a golden set: a person
    answers for it. No model is trained on the vote any more; models are measured by it."""

    capability: ClassVar[str] = "golden-set.accept"
    access: ClassVar[Access] = Access.write(Target.COLLECTION, "collection_id")
    collection_id: Id
    rating_id: Id
    name: Text = Field("Accepted from ratings", min_length=1, max_length=180)


class ListGoldenSets(Request[Page[GoldenSet]]):
    """The golden sets of the collections that the caller may read."""

    capability: ClassVar[str] = "golden-set.list"
    access: ClassVar[Access] = Access.signed_in()
    collection_id: Id | None = None
    limit: Limit = 50
    cursor: Cursor = None


class GoldenEntry(Reply):
    """A question of a golden set. ``accepted_by`` answers for it; ``rating_id`` is the up-vote that it was
    taken from, if it was. ``found`` is false where no right document is in the collection."""

    id: str
    question: str
    judgments: tuple[GoldenJudgment, ...]
    accepted_by: str | None
    rating_id: str | None
    found: bool


class ListGoldenQuestions(Request[Page[GoldenEntry]]):
    """The questions of a golden set."""

    capability: ClassVar[str] = "golden-question.list"
    access: ClassVar[Access] = Access.read(Target.GOLDEN_SET, "set_id")
    set_id: Id
    limit: Limit = 50
    cursor: Cursor = None


class DeleteGoldenQuestion(Request[None]):
    """Take a question out of a golden set. The vote that it was taken from teaches again from the next
    training run on."""

    capability: ClassVar[str] = "golden-question.delete"
    access: ClassVar[Access] = Access.write(Target.GOLDEN_SET, "set_id")
    set_id: Id
    question_id: Id


class DeleteGoldenSet(Request[None]):
    """Remove a golden set with its questions."""

    capability: ClassVar[str] = "golden-set.delete"
    access: ClassVar[Access] = Access.write(Target.GOLDEN_SET, "set_id")
    set_id: Id
