"""What the feedback analyst found in failing questions, and what became of a reader's ratings."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from .base import Access, Event, Id, JobSpec, Page, Reply, Request
from .feedback import Rating
from .lists import Cursor, Limit
from .models import ModelState


class Trend(StrEnum):
    """How a count moved against the period before: up, down, not clearly either way, or too few to say."""

    RISING = "rising"
    FALLING = "falling"
    STEADY = "steady"
    TOO_FEW = "too_few"


class Cause(StrEnum):
    """Why questions fail, as the analyzers that come with Stoa tell it."""

    NOTHING_INDEXED = "nothing_indexed"
    NOT_RETRIEVED = "not_retrieved"
    NOT_USED = "not_used"
    RANKED_LOW = "ranked_low"
    OUTDATED = "outdated"
    UNCLEAR_QUESTION = "unclear_question"
    WORDING = "wording"
    UNKNOWN = "unknown"


class Action(StrEnum):
    """What could be done about it. ``wait`` means that a search finds what was missing by now."""

    ADD_SOURCE = "add_source"
    REINGEST = "reingest"
    TRAIN = "train"
    NEW_TEMPLATE = "new_template"
    FIX_DOCUMENT = "fix_document"
    LOOK = "look"
    WAIT = "wait"


class ConcernKind(StrEnum):
    """What kind of thing an insight is about."""

    COLLECTION = "collection"
    SOURCE = "source"
    DOCUMENT = "document"
    PASSAGE = "passage"


class Concern(Reply):
    """A thing that an insight is about, by its id, with a name for people."""

    kind: ConcernKind
    id: str
    title: str


class FailedQuestion(Reply):
    """One question of an insight: what was searched for, when last, the likely cause and its evidence in a
    sentence. ``found_now`` is True where a search finds by now what was missing."""

    question: str
    asked_at: datetime
    query_id: str
    answer_id: str | None
    cause: str
    evidence: str
    found_now: bool


class Insight(Reply):
    """A group of questions that failed, with the likely cause and what could be done.

    ``size`` counts the failures of this period, once for each reader and question, ``before`` those of the
    period before; ``trend`` compares them. ``causes`` and ``reasons`` count the causes of its questions and
    the reasons that readers gave; ``signals`` counts the failures after which they opened a source, copied,
    asked nearly the same again or left. ``named_by`` is `words`, or the language model that gave the title.
    ``collection_id`` is null for questions that were asked of several collections."""

    id: str
    collection_id: str | None
    analyzer: str
    title: str
    named_by: str
    words: tuple[str, ...]
    question: str
    cause: str
    evidence: str
    action: str
    proposal: str
    concerns: tuple[Concern, ...]
    size: int
    before: int
    trend: Trend
    questions: int
    readers: int
    found_now: int
    causes: dict[str, int]
    reasons: dict[str, int]
    signals: dict[str, int] = {}
    examples: tuple[FailedQuestion, ...]
    rating_ids: tuple[str, ...]
    period_days: int
    first_found_at: datetime
    found_at: datetime


class ListInsights(Request[Page[Insight]]):
    """What goes wrong in the collections that the caller may write in, the largest groups first.
    Administrators see all, also what concerns several collections."""

    capability: ClassVar[str] = "insight.list"
    access: ClassVar[Access] = Access.signed_in()
    collection_id: Id | None = None


class QueuedAnalysis(Reply):
    """The job that analyses."""

    job_id: str


class RefreshInsights(Request[QueuedAnalysis]):
    """Analyse a collection's failing questions now; of all collections only administrators may."""

    capability: ClassVar[str] = "insights.refresh"
    access: ClassVar[Access] = Access.signed_in()
    collection_id: Id | None = None


class AnalyseJob(JobSpec):
    """Analyse the failing questions of one collection, or of all, and replace the report."""

    kind: ClassVar[str] = "analyse"
    collection_id: str | None = None


class InsightsFound(Event):
    """A collection's report has changed: how many insights it has, how many of them are new, and the causes
    with the number of insights of each. It carries no words of users."""

    topic: ClassVar[str] = "insight.found.v1"
    collection_id: str | None
    insight_ids: tuple[str, ...]
    new: int
    causes: dict[str, int]

    def ordering_key(self) -> str | None:
        return self.collection_id


class InDataset(Reply):
    """A version of a collection's training data, and whether the rating is used in it; if not, why."""

    dataset_id: str
    version: int
    used: bool
    reason: str | None


class InModel(Reply):
    """A model that learned from the rating."""

    model_id: str
    version: int
    state: ModelState


class MemoryEffect(StrEnum):
    """What a rating does to the place of its passage for questions like the one it was given for."""

    LIFTS = "lifts"
    LOWERS = "lowers"
    NONE = "none"


class RatingOutcome(Reply):
    """A rating and what became of it: ``told`` says it in sentences. ``dataset`` is the newest data set that
    took it up, ``models`` are those trained on it, the newest first. ``effect`` is what it does right now,
    with the votes of all for that passage and question, and ``passage`` where."""

    rating: Rating
    told: tuple[str, ...]
    dataset: InDataset | None
    models: tuple[InModel, ...]
    effect: MemoryEffect
    passage: Concern | None


class RatingOutcomes(Request[Page[RatingOutcome]]):
    """What became of the caller's own ratings, newest first."""

    capability: ClassVar[str] = "feedback.outcome"
    access: ClassVar[Access] = Access.signed_in()
    limit: Limit = 50
    cursor: Cursor = None
