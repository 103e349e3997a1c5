"""The votes of a collection, read from SQL."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select

from src.core.messages.feedback import RatingKind, RatingState, Reason, Verdict
from src.database.models import (
    AnswerCollectionRecord,
    AnswerRecord,
    DocumentRecord,
    PassageRecord,
    RatingRecord,
)
from src.database.repositories.base import chunks
from src.database.repositories.counterparts import Counterparts
from src.database.repositories.passages import searched
from src.database.uow import Work

from .forums import document_votes
from .votes import WEIGHTS, Exclusion, Origin, Vote

_STATES = {
    RatingState.COUNTED: None,
    RatingState.HELD: Exclusion.HELD,
    RatingState.DISCARDED: Exclusion.DISCARDED,
}
_BLAMED = 3
"""How many of the passages that were shown first a reader means who found them wrong."""
_QUOTE_WORDS = 6
_NAME = re.compile(r"[^\s\"'`()\[\]<>,;]{5,500}")


@dataclass(frozen=True)
class Content:
    """What a passage holds, and the document that it is part of."""

    key: str
    document_id: str | None


Stated = Mapping[str, Content | None]
"""By rating, the content that says what its correction says, None where none does."""


def gather(work: Work, collection_id: str, stated: Stated | None = None) -> list[Vote]:
    """Every vote that says something of the collection's passages, or fails to. ``stated`` are the
    corrections in plain words that were looked up."""
    votes = [
        *_passage_votes(work, collection_id),
        *_answer_votes(work, collection_id, stated or {}),
        *document_votes(work, collection_id),
    ]
    return list(_as_searched(work, collection_id, votes))


def _as_searched(work: Work, collection_id: str, votes: Sequence[Vote]) -> Iterator[Vote]:
    """Votes on what is searched: one on a passage that was cut otherwise is shared among what stands at its
    place now, as nobody knows which part of it helped."""
    cutting = work.collections.get(collection_id).cutting
    keys = {vote.content_key for vote in votes if vote.content_key is not None}
    counterparts = Counterparts(work.session, collection_id).of(keys, (cutting,))
    for vote in votes:
        found = counterparts.get(vote.content_key or "")
        if not found:
            yield vote
            continue
        for key in found:
            yield replace(vote, content_key=key, weight=vote.weight / len(found))


def plain_corrections(work: Work, collection_id: str) -> list[Vote]:
    """Those that count and point to no passage."""
    votes = _answer_votes(work, collection_id, {})
    return [vote for vote in votes if vote.hindrance is Exclusion.CORRECTION]


def live_contents(work: Work, collection_id: str, content_keys: Iterable[str]) -> set[str]:
    """Those of the contents that the collection's searches find now."""
    found: set[str] = set()
    for part in chunks(sorted(set(content_keys))):
        query = select(PassageRecord.embedding_key).where(
            PassageRecord.embedding_key.in_(part),
            PassageRecord.collection_id == collection_id,
            searched(collection_id),
        )
        found.update(work.session.scalars(query))
    return found


def _passage_votes(work: Work, collection_id: str) -> Iterator[Vote]:
    query = select(RatingRecord).where(
        RatingRecord.collection_id == collection_id,
        RatingRecord.kind != RatingKind.ANSWER.value,
        RatingRecord.state != RatingState.NEW.value,
    )
    for rating in work.session.scalars(query.order_by(RatingRecord.id)):
        origin = Origin.CITATION if rating.kind == RatingKind.CITATION else Origin.HIT
        why = None if rating.content_key else Exclusion.GONE
        found = Content(rating.content_key, rating.document_id) if rating.content_key else None
        yield _vote(rating, origin, found, up=rating.verdict == Verdict.UP, hindrance=why)


def _answer_votes(work: Work, collection_id: str, stated: Stated) -> Iterator[Vote]:
    """A verdict on an answer says little of its passages: an up vouches for those it cites, a down with the
    reason that the passages were wrong blames those that were shown first."""
    query = (
        select(RatingRecord, AnswerRecord.answer)
        .join(AnswerRecord, AnswerRecord.id == RatingRecord.answer_id)
        .join(AnswerCollectionRecord, AnswerCollectionRecord.answer_id == AnswerRecord.id)
        .where(
            AnswerCollectionRecord.collection_id == collection_id,
            RatingRecord.kind == RatingKind.ANSWER.value,
            RatingRecord.state != RatingState.NEW.value,
        )
        .order_by(RatingRecord.id)
    )
    # An answer has tens of kilobytes, of which little is kept: they come some at a time.
    rated = [
        (rating, _Shown(answer, collection_id, quoted=bool(rating.correction)))
        for rating, answer in work.session.execute(query.execution_options(yield_per=200))
    ]
    contents = _contents(work, {key for _, shown in rated for key in shown.passages})
    for rating, shown in rated:
        up = rating.verdict == Verdict.UP
        meant = shown.cited if up else shown.first if Reason.WRONG_PASSAGES in rating.reasons else []
        named = [contents[key] for key in meant if key in contents]
        first = {content.key: content for content in reversed(named)}
        for key in dict.fromkeys(content.key for content in named):
            yield _vote(rating, Origin.ANSWER, first[key], up=up)
        if not meant:
            yield _vote(rating, Origin.ANSWER, None, up=up, hindrance=Exclusion.NO_PASSAGE)
        elif not named:
            yield _vote(rating, Origin.ANSWER, None, up=up, hindrance=Exclusion.GONE)
        if rating.correction:
            corrected = _corrected(work, collection_id, rating.correction, shown, contents)
            if corrected is not None or rating.id not in stated:
                why = None if corrected else Exclusion.CORRECTION
                yield _vote(rating, Origin.CORRECTION, corrected, up=True, hindrance=why)
            else:
                why = None if stated[rating.id] else Exclusion.UNSUPPORTED
                yield _vote(rating, Origin.STATEMENT, stated[rating.id], up=True, hindrance=why)


class _Shown:
    """The passages of one collection that an answer showed, in order, and those that it cited; with their
    texts where a correction may have ``quoted`` one."""

    def __init__(self, answer: dict[str, Any], collection_id: str, *, quoted: bool) -> None:
        hits = [hit for hit in answer.get("passages", ()) if hit.get("collection_id") == collection_id]
        shown = list(dict.fromkeys(str(hit["passage_id"]) for hit in hits))
        self.texts = {str(hit["passage_id"]): str(hit["text"]) for hit in hits} if quoted else {}
        self.first = shown[:_BLAMED]
        self.cited = [
            str(citation["passage_id"])
            for citation in answer.get("citations", ())
            if citation.get("collection_id") == collection_id
        ]
        self.passages = {*shown, *self.cited}


def _corrected(
    work: Work, collection_id: str, correction: str, shown: _Shown, contents: dict[str, Content]
) -> Content | None:
    """The content that a correction points to: the one shown passage that it quotes, or else the one passage
    of the one document that it names by id, path or address."""
    quoted = {
        contents[key].key: contents[key]
        for key, text in shown.texts.items()
        if key in contents and _quotes(correction.split(), text)
    }
    if len(quoted) == 1:
        return quoted.popitem()[1]
    names = {name.rstrip(".:!?") for name in _NAME.findall(correction)}
    query = (
        select(PassageRecord.embedding_key, PassageRecord.document_id)
        .join(DocumentRecord, DocumentRecord.id == PassageRecord.document_id)
        .where(
            DocumentRecord.collection_id == collection_id,
            DocumentRecord.external_id.in_(names)
            | DocumentRecord.path.in_(names)
            | DocumentRecord.uri.in_(names),
            searched(collection_id),
        )
    )
    found = list(work.session.execute(query.limit(2))) if names else []
    return Content(*found[0]) if len(found) == 1 else None


def _quotes(words: Sequence[str], text: str) -> bool:
    body = " ".join(text.split())
    runs = (" ".join(words[start : start + _QUOTE_WORDS]) for start in range(len(words) - _QUOTE_WORDS + 1))
    return any(run in body for run in runs)


def _contents(work: Work, passage_ids: Iterable[str]) -> dict[str, Content]:
    found: dict[str, Content] = {}
    for part in chunks(sorted(passage_ids)):
        columns = (PassageRecord.id, PassageRecord.embedding_key, PassageRecord.document_id)
        query = select(*columns).where(PassageRecord.id.in_(part))
        found.update((key, Content(content, of)) for key, content, of in work.session.execute(query))
    return found


def _vote(
    rating: RatingRecord,
    origin: Origin,
    content: Content | None,
    *,
    up: bool,
    hindrance: Exclusion | None = None,
) -> Vote:
    return Vote(
        rating_id=rating.id,
        reader=rating.user_id,
        origin=origin,
        question=rating.question,
        question_key=rating.question_key,
        content_key=content.key if content else None,
        document_id=content.document_id if content else None,
        up=up,
        at=rating.updated_at,
        weight=WEIGHTS[origin],
        hindrance=_STATES[RatingState(rating.state)] or hindrance,
    )
