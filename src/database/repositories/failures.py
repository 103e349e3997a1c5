"""What failed, as it was shown: ratings, answers without a source, and what was asked again."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Text, cast, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from src.database.models import (
    AnswerRecord,
    CollectionRecord,
    DocumentRecord,
    GoldenQuestionRecord,
    GoldenSetRecord,
    PassageRecord,
    RatingRecord,
    SearchRecord,
    SignalRecord,
)

from .base import chunks
from .passages import searched

_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """What an analysis needs to know of a document."""

    id: str
    collection_id: str
    source_id: str | None
    external_id: str
    title: str
    live_hash: str | None
    created_at: datetime
    indexed_at: datetime | None

    @property
    def name(self) -> str:
        return self.title or self.external_id


class Failures:
    """Reads what went wrong since a time; each query takes the newest and no more than it is told."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def any_since(self, since: datetime) -> bool:
        """Whether there is anything to analyse."""
        queries = (
            select(RatingRecord.id).where(*_disliked(since)),
            select(SignalRecord.id).where(SignalRecord.kind == "asked_again", SignalRecord.at >= since),
            select(AnswerRecord.id).where(*_unsupported(since)),
        )
        return any(self._session.scalar(query.limit(1)) is not None for query in queries)

    def disliked(self, since: datetime, most: int) -> Sequence[RatingRecord]:
        """Counted down-votes."""
        query = select(RatingRecord).where(*_disliked(since)).order_by(RatingRecord.updated_at.desc())
        return list(self._session.scalars(query.limit(most)))

    def liked(self, search_ids: Collection[str]) -> Sequence[RatingRecord]:
        """Counted up-votes of what these searches showed, and of the answers made of it."""
        found: list[RatingRecord] = []
        for part in chunks(sorted(search_ids)):
            query = select(RatingRecord).where(
                RatingRecord.search_id.in_(part),
                RatingRecord.verdict == "up",
                RatingRecord.state == "counted",
            )
            found.extend(self._session.scalars(query))
        return found

    def best_when_right(self, collection_id: str, since: datetime, most: int) -> list[float]:
        """The best score by the default fusion of each list in which readers found something of the
        collection right, rising."""
        query = (
            select(RatingRecord.search_id)
            .where(
                RatingRecord.collection_id == collection_id,
                RatingRecord.state == "counted",
                RatingRecord.verdict == "up",
                RatingRecord.passage_id.is_not(None),
                RatingRecord.updated_at >= since,
            )
            .order_by(RatingRecord.id.desc())
            .limit(most)
        )
        hits = [record.hits for record in self.searches(set(self._session.scalars(query))).values()]
        return sorted(max((row["scores"]["fused"] for row in rows), default=0.0) for rows in hits)

    def asked_again(self, since: datetime, most: int) -> Sequence[SignalRecord]:
        """Signals of users who soon asked nearly the same again."""
        query = select(SignalRecord).where(SignalRecord.kind == "asked_again", SignalRecord.at >= since)
        return list(self._session.scalars(query.order_by(SignalRecord.at.desc()).limit(most)))

    def signals(self, search_ids: Collection[str]) -> dict[str, list[tuple[str, str]]]:
        """Who did what with the lists of these searches, by search."""
        found: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for part in chunks(sorted(search_ids), _AT_ONCE):
            query = select(SignalRecord.search_id, SignalRecord.user_id, SignalRecord.kind)
            for search_id, user_id, kind in self._session.execute(
                query.where(SignalRecord.search_id.in_(part))
            ):
                found[search_id].append((user_id, kind))
        return found

    def unsupported(self, since: datetime, most: int) -> Iterator[AnswerRecord]:
        """Answers in which something has no source, also those that say that there is none."""
        query = select(AnswerRecord).where(*_unsupported(since)).order_by(AnswerRecord.id.desc()).limit(most)
        return iter(self._session.scalars(query.execution_options(yield_per=_AT_ONCE)))

    def answers(self, ids: Collection[str]) -> Iterator[AnswerRecord]:
        for part in chunks(sorted(ids), _AT_ONCE):
            yield from self._session.scalars(select(AnswerRecord).where(AnswerRecord.id.in_(part)))

    def searches(self, ids: Collection[str]) -> dict[str, SearchRecord]:
        found: dict[str, SearchRecord] = {}
        for part in chunks(sorted(ids)):
            query = select(SearchRecord).where(SearchRecord.id.in_(part))
            found.update({record.id: record for record in self._session.scalars(query)})
        return found

    def asked(self, since: datetime, until: datetime) -> Counter[str | None]:
        """How many searches readers made of each collection, those behind answers among them, and under None
        how many of all. One of several collections counts in each."""
        among = cast(SearchRecord.collection_ids, Text)
        query = select(among, func.count()).where(
            SearchRecord.at >= since, SearchRecord.at < until, SearchRecord.user_id.is_not(None)
        )
        found: Counter[str | None] = Counter()
        for collection_ids, count in self._session.execute(query.group_by(among)):
            found.update(dict.fromkeys((*json.loads(collection_ids), None), count))
        return found

    def documents(self, ids: Collection[str]) -> dict[str, DocumentFacts]:
        """Those that are still there."""
        return self._documents(DocumentRecord.id, ids)

    def documents_named(self, collection_id: str, external_ids: Collection[str]) -> dict[str, DocumentFacts]:
        """By external id."""
        found = self._documents(
            DocumentRecord.external_id, external_ids, DocumentRecord.collection_id == collection_id
        )
        return {facts.external_id: facts for facts in found.values()}

    def _documents(
        self, column: InstrumentedAttribute[str], values: Collection[str], *more: ColumnElement[bool]
    ) -> dict[str, DocumentFacts]:
        found: dict[str, DocumentFacts] = {}
        for part in chunks(sorted(values)):
            query = select(
                DocumentRecord.id,
                DocumentRecord.collection_id,
                DocumentRecord.source_id,
                DocumentRecord.external_id,
                DocumentRecord.title,
                DocumentRecord.live_hash,
                DocumentRecord.created_at,
                DocumentRecord.indexed_at,
            ).where(column.in_(part), *more)
            found.update({row.id: DocumentFacts(*row) for row in self._session.execute(query)})
        return found

    def passages_with(self, collection_id: str, content_keys: Collection[str]) -> dict[str, list[Place]]:
        """The passages that are searched of a collection, by content."""
        found: dict[str, list[Place]] = {}
        for part in chunks(sorted(content_keys)):
            query = select(PassageRecord.embedding_key, PassageRecord.id, PassageRecord.document_id).where(
                PassageRecord.embedding_key.in_(part),
                PassageRecord.collection_id == collection_id,
                searched(collection_id),
            )
            for key, passage_id, document_id in self._session.execute(query.order_by(PassageRecord.id)):
                found.setdefault(key, []).append(Place(passage_id, document_id))
        return found

    def golden(self, collection_id: str, question_keys: Collection[str]) -> dict[str, list[str]]:
        """The external ids of the documents that are known to answer these questions."""
        found: dict[str, list[str]] = {}
        for part in chunks(sorted(question_keys)):
            query = (
                select(GoldenQuestionRecord.question_key, GoldenQuestionRecord.judgments)
                .join(GoldenSetRecord, GoldenSetRecord.id == GoldenQuestionRecord.set_id)
                .where(
                    GoldenSetRecord.collection_id == collection_id,
                    GoldenQuestionRecord.question_key.in_(part),
                )
                .order_by(GoldenQuestionRecord.id)
            )
            for key, judgments in self._session.execute(query):
                found.setdefault(key, []).extend(
                    str(external_id) for external_id, grade in judgments if grade
                )
        return found

    def visibilities(self) -> dict[str, str]:
        """Of every collection."""
        query = select(CollectionRecord.id, CollectionRecord.visibility)
        return {row.id: row.visibility for row in self._session.execute(query)}


@dataclass(frozen=True, slots=True)
class Place:
    """A passage and its document."""

    passage_id: str
    document_id: str


def _disliked(since: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        RatingRecord.state == "counted",
        RatingRecord.verdict == "down",
        RatingRecord.updated_at >= since,
    )


def _unsupported(since: datetime) -> tuple[ColumnElement[bool], ...]:
    # Ids sort by time, and have an index.
    first = f"{int(since.timestamp() * 1000):012x}"
    return AnswerRecord.id >= first, AnswerRecord.asked_at >= since, AnswerRecord.grounded.is_(False)
