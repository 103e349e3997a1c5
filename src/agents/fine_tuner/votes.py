"""A vote as training sees it, and why one may not be trained on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Origin(StrEnum):
    """What a vote was given to. A correction points to a passage, or is a statement that one makes as well.
    An answer's verdict says little of its passages, a document's votes come from elsewhere with the document.
    The last two are nobody's votes: a question that a language model made up for a passage, and a passage
    that was mined as one that a question should not find."""

    HIT = "hit"
    CITATION = "citation"
    CORRECTION = "correction"
    STATEMENT = "statement"
    ANSWER = "answer"
    DOCUMENT = "document"
    SYNTHETIC = "synthetic"
    NEGATIVE = "negative"


WEIGHTS = {
    Origin.HIT: 1.0,
    Origin.CITATION: 1.0,
    Origin.CORRECTION: 0.5,
    Origin.STATEMENT: 0.3,
    Origin.ANSWER: 0.3,
    Origin.DOCUMENT: 0.5,
    Origin.SYNTHETIC: 0.3,
}
"""What an up-vote of each origin counts. A reader who judges a passage means that passage; a good answer
vouches for each passage that it cites less, as who puts an answer right vouches for what says the same
without having seen it, a foreign forum's votes were not given to this question
here, and a question that was made up is nobody's."""


class Exclusion(StrEnum):
    """Why a vote is left out of a data set, in words for its lineage."""

    HELD = "held until somebody has looked at it"
    DISCARDED = "discarded by a person"
    NO_PASSAGE = "a verdict on the answer that says nothing of its passages"
    CORRECTION = "correction without a passage"
    UNSUPPORTED = "no passage that is found says what the correction says"
    ITSELF = "the reader judged this passage itself"
    GONE = "the passage is gone or was changed"
    TITLE = "the document bears the question as its title"
    SEVERAL = "the document has several passages; which one answers is not known"
    GOLDEN = "the question is in a golden set or nearly the same as one of it"
    DUPLICATE = "the reader said the same elsewhere"
    CONTRADICTION = "the reader said the opposite as often"
    DISAGREEMENT = "readers disagree evenly"
    PASSAGE = "the reader likes this passage for enough other questions"
    SHARE = "beyond one reader's share of the votes"
    OLD = "the question is not among the newest that are trained on"
    NO_QUESTION = "the language model made up no question"
    UNFOUND = "a search for the made-up question does not find its passage"
    ASKED = "readers have voted on the passage"
    REPEATED = "nearly the same was asked already"
    TOO_MANY = "more made-up questions than readers asked"


@dataclass(frozen=True)
class Vote:
    """One reader's opinion of one passage for one question.

    ``content_key`` names the passage's content, None where the vote names none, and ``document_id`` the
    document that holds it. ``rating_id`` is its lineage and ``reader`` who gave it; both are None for the
    votes that a document brought along.
    ``hindrance`` is set where it cannot be trained on whatever the others say.
    """

    rating_id: str | None
    reader: str | None
    origin: Origin
    question: str
    question_key: str
    content_key: str | None
    up: bool
    at: datetime
    document_id: str | None = None
    weight: float = 1.0
    hindrance: Exclusion | None = None
