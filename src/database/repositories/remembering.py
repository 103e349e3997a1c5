"""What rankings remember: which questions have vectors, and when a collection's votes are others."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, cast

from sqlalchemy import CursorResult, and_, delete, exists, func, select, update
from sqlalchemy.orm import Session

from src.database.models import (
    CollectionRecord,
    GoldenQuestionRecord,
    GoldenSetRecord,
    QuestionVectorRecord,
    RatingRecord,
)

from .base import chunks


def memory_changed(session: Session, collection_id: str, *, if_any: bool = False) -> bool:
    """Have every process read the collection's votes anew; with ``if_any`` only where it ever had some.
    True where there is such a collection."""
    changed = update(CollectionRecord).where(CollectionRecord.id == collection_id)
    if if_any:
        changed = changed.where(CollectionRecord.memory_version > 0)
    result = session.execute(changed.values(memory_version=CollectionRecord.memory_version + 1))
    return cast("CursorResult[Any]", result).rowcount > 0


def questions_without_vector(session: Session, version: str, *, limit: int) -> dict[str, str]:
    """Rated questions that have no vector of this version, by key, at most ``limit``."""
    has_one = and_(
        QuestionVectorRecord.question_key == RatingRecord.question_key,
        QuestionVectorRecord.embedding_version == version,
    )
    query = (
        select(RatingRecord.question_key, func.min(RatingRecord.question))
        .where(~exists().where(has_one))
        .group_by(RatingRecord.question_key)
        .order_by(RatingRecord.question_key)
    )
    return {key: question for key, question in session.execute(query.limit(limit))}


def collections_asked(session: Session, question_keys: Collection[str]) -> list[str]:
    """The collections with a rating of one of these questions."""
    found: set[str] = set()
    for part in chunks(sorted(question_keys)):
        query = select(RatingRecord.collection_id).where(RatingRecord.question_key.in_(part)).distinct()
        found.update(key for key in session.scalars(query) if key is not None)
    return sorted(found)


def drop_unused_vectors(session: Session) -> int:
    """Remove the vectors of questions that nobody's rating and no golden set holds any more; returns how
    many."""
    rated = exists().where(RatingRecord.question_key == QuestionVectorRecord.question_key)
    golden = exists().where(GoldenQuestionRecord.question_key == QuestionVectorRecord.question_key)
    result = session.execute(delete(QuestionVectorRecord).where(~rated, ~golden))
    return cast("CursorResult[Any]", result).rowcount


def golden_questions(session: Session, collection_id: str) -> dict[str, str]:
    """The questions of the collection's golden sets, by key."""
    query = (
        select(GoldenQuestionRecord.question_key, GoldenQuestionRecord.question)
        .join(GoldenSetRecord, GoldenSetRecord.id == GoldenQuestionRecord.set_id)
        .where(GoldenSetRecord.collection_id == collection_id)
    )
    return {key: question for key, question in session.execute(query)}


def counted_ups(session: Session, collection_id: str | None = None) -> dict[str, int]:
    """Counted up-votes on passages, by collection; of one collection where it is given."""
    query = select(RatingRecord.collection_id, func.count()).where(
        RatingRecord.state == "counted",
        RatingRecord.verdict == "up",
        RatingRecord.content_key.is_not(None),
    )
    if collection_id is not None:
        query = query.where(RatingRecord.collection_id == collection_id)
    rows = session.execute(query.group_by(RatingRecord.collection_id))
    return {key: int(count) for key, count in rows if key is not None}
