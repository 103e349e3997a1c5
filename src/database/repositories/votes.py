"""The counted votes on passages, as rankings remember them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from src.core.ports import Vectors
from src.database.models import CounterpartRecord, PassageRecord, QuestionVectorRecord, RatingRecord

from .base import chunks
from .passages import searched


@dataclass(frozen=True)
class PassageVote:
    """One reader's vote on one passage for one question. ``content_key`` names the passage's content."""

    question_key: str
    vector: Vectors
    content_key: str
    up: bool
    at: datetime


def passage_votes(
    session: Session, collection_id: str, embedding_version: str, cutting: str
) -> list[PassageVote]:
    """The counted votes of a collection whose question has a vector of this version, oldest first. A vote on
    a passage that was cut otherwise is one on each of its counterparts in the cutting."""
    counterpart = and_(
        CounterpartRecord.collection_id == RatingRecord.collection_id,
        CounterpartRecord.content_key == RatingRecord.content_key,
        CounterpartRecord.cutting == cutting,
    )
    query = (
        select(
            RatingRecord.question_key,
            QuestionVectorRecord.vector,
            func.coalesce(CounterpartRecord.counterpart_key, RatingRecord.content_key),
            RatingRecord.verdict,
            RatingRecord.updated_at,
        )
        .join(QuestionVectorRecord, QuestionVectorRecord.question_key == RatingRecord.question_key)
        .outerjoin(CounterpartRecord, counterpart)
        .where(
            RatingRecord.collection_id == collection_id,
            RatingRecord.state == "counted",
            RatingRecord.content_key.is_not(None),
            QuestionVectorRecord.embedding_version == embedding_version,
        )
        .order_by(RatingRecord.id)
    )
    return [
        PassageVote(question_key, np.frombuffer(vector, dtype="<f4"), content_key or "", verdict == "up", at)
        for question_key, vector, content_key, verdict, at in session.execute(query)
    ]


def documents_with(session: Session, collection_id: str, content_keys: Sequence[str]) -> dict[str, str]:
    """A document of the collection in which each of these contents stands now, the first by id."""
    found: dict[str, str] = {}
    for part in chunks(content_keys):
        query = select(PassageRecord.embedding_key, func.min(PassageRecord.document_id)).where(
            PassageRecord.embedding_key.in_(part),
            PassageRecord.collection_id == collection_id,
            searched(collection_id),
        )
        rows = session.execute(query.group_by(PassageRecord.embedding_key))
        found.update((key, document_id) for key, document_id in rows)
    return found


def passages_with(
    session: Session, collection_id: str, cutting: str | None, content_keys: Sequence[str]
) -> list[str]:
    """The live passages of a collection with these contents, of which there may be any number: in a cutting,
    or for None in that which is searched."""
    among = searched(collection_id) if cutting is None else PassageRecord.cutting == cutting
    found: list[str] = []
    for part in chunks(content_keys):
        query = select(PassageRecord.id).where(
            PassageRecord.embedding_key.in_(part),
            PassageRecord.collection_id == collection_id,
            PassageRecord.live,
            among,
        )
        found.extend(session.scalars(query))
    return found
