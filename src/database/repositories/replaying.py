"""The rated questions of a collection, to be asked again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from src.database.models import PassageRecord, RatingRecord

from .base import chunks


@dataclass
class Rated:
    """A question with the contents that were voted up for it."""

    question: str
    liked: set[str] = field(default_factory=set)


def rated_questions(session: Session, collection_id: str, limit: int) -> list[Rated]:
    """The questions of the latest counted up-votes on passages, at most ``limit``, newest first."""
    query = (
        select(RatingRecord.question_key, RatingRecord.question, RatingRecord.content_key)
        .where(
            RatingRecord.collection_id == collection_id,
            RatingRecord.state == "counted",
            RatingRecord.verdict == "up",
            RatingRecord.content_key.is_not(None),
        )
        .order_by(RatingRecord.id.desc())
        .limit(10 * limit)
    )
    found: dict[str, Rated] = {}
    for key, question, content in session.execute(query):
        if key in found or len(found) < limit:
            found.setdefault(key, Rated(question)).liked.add(content or "")
    return list(found.values())


def contents_of(session: Session, passage_ids: Sequence[str]) -> dict[str, str]:
    """What names the content of each passage."""
    found: dict[str, str] = {}
    for part in chunks(passage_ids):
        query = select(PassageRecord.id, PassageRecord.embedding_key).where(PassageRecord.id.in_(part))
        found.update({row.id: row.embedding_key for row in session.execute(query)})
    return found
