"""Searching, asking, and the stored answers."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field, StringConstraints

from src.core.passages import Location, PassageKind

from .base import Access, Event, Id, Message, Page, Reply, Request, Target, Text, no_nul
from .lists import Cursor, Limit

LONGEST_QUESTION = 4000
"""In characters."""

Question = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_QUESTION),
    AfterValidator(no_nul),
]
CollectionIds = Annotated[tuple[Id, ...] | None, Field(max_length=200)]


class Filters(Message):
    """Narrows a search. Each that is given must match: ``path`` is a glob over the document's path,
    ``types`` media types or formats (`python`, `markdown`, `text/html`), ``source_ids`` sources,
    ``kinds`` what a passage is, ``document_ids`` single documents."""

    path: Text | None = Field(None, min_length=1, max_length=500)
    types: tuple[Text, ...] | None = Field(None, max_length=50)
    source_ids: tuple[Id, ...] | None = Field(None, max_length=200)
    kinds: tuple[PassageKind, ...] | None = Field(None, max_length=20)
    document_ids: tuple[Id, ...] | None = Field(None, max_length=1000)

    @property
    def empty(self) -> bool:
        return not any((self.path, self.types, self.source_ids, self.kinds, self.document_ids))


class Scores(Reply):
    """A hit's score at each stage: ``dense`` is the cosine, ``lexical`` the BM25, ``identifier`` the
    share of the query's identifiers that the passage holds, ``fused`` the three together. ``prior`` is
    what earlier readers' votes on like questions add, ``rerank`` what learned weights add; a hit is ranked
    by the sum of the last three. A part that was not computed is left out."""

    dense: float | None = None
    lexical: float | None = None
    identifier: float | None = None
    fused: float
    rerank: float | None = None
    prior: float | None = None


class Hit(Reply):
    """One ranked passage. ``duplicates`` are passages with nearly the same text that it stands for."""

    rank: int
    passage_id: str
    document_id: str
    collection_id: str
    external_id: str
    title: str
    uri: str | None
    kind: PassageKind
    symbol: str | None
    context: str
    text: str
    location: Location
    attributes: dict[str, Any] = {}
    score: float
    scores: Scores
    duplicates: tuple[str, ...] = ()


class SearchResults(Reply):
    """Ranked passages. ``query_id`` ties a later rating of a hit to what was shown; ``took_ms`` is the
    time of each stage in milliseconds, of which some go on side by side."""

    query_id: str
    hits: tuple[Hit, ...]
    took_ms: dict[str, float]
    index_version: str
    notices: tuple[str, ...] = ()


class Search(Request[SearchResults]):
    """Find the passages that answer a query, in all collections that the caller may read or in some.

    ``memory`` False ranks as if nobody had voted. ``model_id`` replays a ranking model of a collection that
    the caller may change: what would it show? A replay is not recorded, and its hits cannot be rated."""

    capability: ClassVar[str] = "passage.search"
    access: ClassVar[Access] = Access.signed_in()
    query: Question
    collection_ids: CollectionIds = None
    k: int = Field(10, ge=1, le=100)
    filters: Filters | None = None
    memory: bool = True
    model_id: Id | None = None


class Style(StrEnum):
    """How an answer is written."""

    DEFAULT = "default"
    CONCISE = "concise"
    DETAILED = "detailed"


class Citation(Reply):
    """What supports a claim: ``marker`` stands in the text as `[marker]`; ``quote`` is verbatim from
    the passage. ``content_hash`` names the version of the document that was cited."""

    marker: str
    passage_id: str
    document_id: str
    collection_id: str
    external_id: str
    title: str
    uri: str | None
    location: Location
    quote: str
    content_hash: str | None = None


class Usage(Reply):
    """What the language model used; zero and None for an extract."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None


class Answer(Reply):
    """An answer as it was shown and is stored. ``grounded`` is True where every claim is cited.
    ``condensed`` is the question that retrieval saw; ``notice`` says why an answer is not what was
    configured (the model failed, the evidence is weak). ``settings_id`` is the model, of the role
    `answering`, by whose settings it was made, null where these are the configured ones; ``experiment_id``
    and ``arm`` are set where its reader takes part in a comparison of answers."""

    answer_id: str
    conversation_id: str
    question: str
    condensed: str
    style: Style
    text: str
    grounded: bool
    citations: tuple[Citation, ...]
    passages: tuple[Hit, ...]
    query_id: str
    model: str
    prompt_version: str
    index_version: str
    settings_id: str | None = None
    experiment_id: str | None = None
    arm: str | None = None
    notice: str | None = None
    usage: Usage = Usage()
    took_ms: dict[str, float]
    asked_at: datetime
    asked_by: str | None = None


class AskQuestion(Request[Answer]):
    """Answer a question from the collections that the caller may read, with citations. While it runs it
    emits `Retrieved`, `AnswerDelta` and `AnswerCitation`."""

    capability: ClassVar[str] = "question.answer"
    access: ClassVar[Access] = Access.signed_in()
    deadline_s: ClassVar[float | None] = 300.0
    question: Question
    collection_ids: CollectionIds = None
    conversation_id: Id | None = None
    style: Style = Style.DEFAULT
    k: int = Field(8, ge=1, le=50)
    filters: Filters | None = None


class Retrieved(Reply):
    """Emitted first: the passages that the answer will be made from."""

    answer_id: str
    conversation_id: str
    passages: tuple[Hit, ...]


class AnswerDelta(Reply):
    """Emitted: the next characters of the answer. All deltas joined are the answer's text."""

    text: str


class AnswerCitation(Reply):
    """Emitted: a citation, as it will stand in the answer."""

    citation: Citation


class GetAnswer(Request[Answer]):
    """A stored answer with its whole provenance, exactly as it was shown."""

    capability: ClassVar[str] = "answer.get"
    access: ClassVar[Access] = Access.read(Target.ANSWER, "answer_id")
    answer_id: Id


class AnswerSummary(Reply):
    """A stored answer as a list shows it."""

    answer_id: str
    conversation_id: str
    question: str
    grounded: bool
    model: str
    asked_at: datetime


class ListAnswers(Request[Page[AnswerSummary]]):
    """The caller's own answers, newest first; of one conversation where that is given."""

    capability: ClassVar[str] = "answer.list"
    access: ClassVar[Access] = Access.signed_in()
    conversation_id: Id | None = None
    limit: Limit = 50
    cursor: Cursor = None


class QuestionAnswered(Event):
    """An answer was given and stored."""

    topic: ClassVar[str] = "question.answered.v1"
    answer_id: str
    conversation_id: str
    model: str
    grounded: bool
    collection_ids: tuple[str, ...] = ()

    def ordering_key(self) -> str | None:
        return self.conversation_id
