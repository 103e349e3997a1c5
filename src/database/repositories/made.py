"""Passages that nobody asked about, and the questions that were made up for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from sqlalchemy import func, select

from src.database.models import MadeQuestionRecord, PassageRecord, RatingRecord

from .base import Repository
from .passages import searched


class MadeQuestions(Repository[MadeQuestionRecord]):
    """What a language model made up for the passages of collections."""

    model: ClassVar = MadeQuestionRecord
    noun: ClassVar = "made-up question"

    def of(self, collection_id: str) -> Sequence[MadeQuestionRecord]:
        """The questions of a collection, passages for which there is none left out."""
        query = select(MadeQuestionRecord).where(
            MadeQuestionRecord.collection_id == collection_id, MadeQuestionRecord.question != ""
        )
        return list(self._session.scalars(query.order_by(MadeQuestionRecord.id)))

    def of_run(self, run_id: str) -> Sequence[MadeQuestionRecord]:
        """All that a training run asked for."""
        query = select(MadeQuestionRecord).where(MadeQuestionRecord.run_id == run_id)
        return list(self._session.scalars(query.order_by(MadeQuestionRecord.id)))

    def unasked(self, collection_id: str, *, least_length: int, limit: int) -> Sequence[PassageRecord]:
        """Passages that nobody has voted on and that no question was made up for yet, one for each content;
        the order is that of digests, so that they are spread over the collection, and always the same."""
        voted = select(RatingRecord.content_key).where(
            RatingRecord.collection_id == collection_id, RatingRecord.content_key.is_not(None)
        )
        made = select(MadeQuestionRecord.content_key).where(MadeQuestionRecord.collection_id == collection_id)
        firsts = (
            select(func.min(PassageRecord.id).label("id"), PassageRecord.embedding_key)
            .where(
                PassageRecord.collection_id == collection_id,
                searched(collection_id),
                func.length(PassageRecord.text) >= least_length,
                PassageRecord.embedding_key.not_in(voted),
                PassageRecord.embedding_key.not_in(made),
            )
            .group_by(PassageRecord.embedding_key)
            .order_by(PassageRecord.embedding_key)
            .limit(limit)
            .subquery()
        )
        query = select(PassageRecord).join(firsts, firsts.c.id == PassageRecord.id)
        return list(self._session.scalars(query.order_by(PassageRecord.embedding_key)))
