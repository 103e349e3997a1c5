"""What a rating or a signal is about: what was shown to its user, by the stored answer or search."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from src.core.caller import Caller
from src.core.errors import NotFoundError
from src.core.messages.feedback import RatingKind
from src.core.messages.questions import Answer, Citation
from src.database.grants import scope_of
from src.database.models import SearchRecord
from src.database.uow import Work


@dataclass(frozen=True)
class Subject:
    """One rated thing, as the columns of its rating."""

    kind: RatingKind
    search_id: str
    question: str
    answer_id: str | None = None
    marker: str | None = None
    collection_id: str | None = None
    document_id: str | None = None
    passage_id: str | None = None
    content_key: str | None = None
    place: int | None = None

    @property
    def key(self) -> str:
        """What makes it one thing for its user."""
        match self.kind:
            case RatingKind.ANSWER:
                return answer_key(self.answer_id or "")
            case RatingKind.CITATION:
                return citation_key(self.answer_id or "", self.marker or "")
            case RatingKind.HIT:
                return hit_key(self.search_id, self.passage_id or "")


Find = Callable[[Work, Caller], Subject]
"""Looks a subject up for a caller; raises NotFoundError for what was not shown to them, and for what they may
not read any more or is deleted."""

Seen = Callable[[Work, Caller], object]
"""Raises NotFoundError for what was not shown to a caller; what became of it since does not matter."""


def answer_key(answer_id: str) -> str:
    return f"answer:{answer_id}"


def citation_key(answer_id: str, marker: str) -> str:
    return f"citation:{answer_id}:{marker}"


def hit_key(search_id: str, passage_id: str) -> str:
    return f"hit:{search_id}:{passage_id}"


def own_answer(work: Work, caller: Caller, answer_id: str) -> Answer:
    """The answer, where it was given to the caller."""
    record = work.answers.find(answer_id)
    if record is None or record.user_id != caller.user_id:
        raise NotFoundError(f"There is no answer {answer_id} of yours.")
    return Answer.model_validate(record.answer)


def own_search(work: Work, caller: Caller, query_id: str) -> SearchRecord:
    """The record of the search, where it was made for the caller."""
    record = work.searches.find(query_id)
    if record is None or record.user_id != caller.user_id:
        raise NotFoundError(f"There is no search {query_id} of yours, or it is not kept any more.")
    return record


def shown_citation(work: Work, caller: Caller, answer_id: str, marker: str) -> tuple[Answer, Citation]:
    """A citation, with the answer to the caller that it is in."""
    given = own_answer(work, caller, answer_id)
    cited = next((one for one in given.citations if one.marker == marker), None)
    if cited is None:
        raise NotFoundError(f"The answer has no citation {marker}.")
    return given, cited


def shown_hit(
    work: Work, caller: Caller, query_id: str, passage_id: str
) -> tuple[SearchRecord, dict[str, Any]]:
    """A hit, with the search of the caller's that it is in."""
    search = own_search(work, caller, query_id)
    shown = next((one for one in search.hits if one["passage_id"] == passage_id), None)
    if shown is None:
        raise NotFoundError(f"The search did not show a passage {passage_id}.")
    return search, shown


def answer(answer_id: str) -> Find:
    """The answer as a whole. It belongs to a collection where all that it cites does."""

    def find(work: Work, caller: Caller) -> Subject:
        given = own_answer(work, caller, answer_id)
        sources = {citation.collection_id for citation in given.citations}
        sources = sources or {hit.collection_id for hit in given.passages}
        existing = work.collections.names(sources)
        one = next(iter(sources)) if len(sources) == 1 and len(existing) == 1 else None
        return Subject(
            RatingKind.ANSWER, given.query_id, given.condensed, answer_id=answer_id, collection_id=one
        )

    return find


def citation(answer_id: str, marker: str) -> Find:
    """One citation of an answer, with the rank of its passage among those that were considered."""

    def find(work: Work, caller: Caller) -> Subject:
        given, cited = shown_citation(work, caller, answer_id, marker)
        ranks = {hit.passage_id: hit.rank for hit in given.passages}
        return Subject(
            RatingKind.CITATION,
            given.query_id,
            given.condensed,
            answer_id=answer_id,
            marker=marker,
            collection_id=_collection(work, caller, cited.document_id),
            document_id=cited.document_id,
            passage_id=cited.passage_id,
            content_key=_content(work, cited.passage_id),
            place=ranks.get(cited.passage_id),
        )

    return find


def hit(query_id: str, passage_id: str) -> Find:
    """One hit of a search, also of the search behind an answer."""

    def find(work: Work, caller: Caller) -> Subject:
        search, shown = shown_hit(work, caller, query_id, passage_id)
        return Subject(
            RatingKind.HIT,
            query_id,
            search.query,
            collection_id=_collection(work, caller, shown["document_id"]),
            document_id=shown["document_id"],
            passage_id=passage_id,
            content_key=_content(work, passage_id),
            place=shown["rank"],
        )

    return find


def _collection(work: Work, caller: Caller, document_id: str) -> str:
    """The collection of the document, where it is still there and the caller may still read it."""
    document = work.documents.find(document_id)
    if document is None:
        raise NotFoundError("The document that was shown has been deleted since.")
    scope_of(work, caller, (document.collection_id,))
    return document.collection_id


def _content(work: Work, passage_id: str) -> str | None:
    """What the passage's content is known by; none where its document has changed since."""
    passage = work.passages.find(passage_id)
    return passage.embedding_key if passage is not None else None
