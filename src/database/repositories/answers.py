"""Searches, conversations and answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from sqlalchemy import select

from src.database.models import AnswerCollectionRecord, AnswerRecord, ConversationRecord, SearchRecord

from .base import Repository


class Searches(Repository[SearchRecord]):
    """What searches showed."""

    model: ClassVar = SearchRecord
    noun: ClassVar = "search"


class Conversations(Repository[ConversationRecord]):
    """Whose conversation each is."""

    model: ClassVar = ConversationRecord
    noun: ClassVar = "conversation"


class Answers(Repository[AnswerRecord]):
    """The stored answers, with the collections that each quotes."""

    model: ClassVar = AnswerRecord
    noun: ClassVar = "answer"

    def quote(self, answer_id: str, collection_ids: Sequence[str]) -> None:
        """Note which collections the answer was made from."""
        for collection_id in sorted(set(collection_ids)):
            self._session.add(AnswerCollectionRecord(answer_id=answer_id, collection_id=collection_id))

    def collections(self, answer_id: str) -> list[str]:
        query = select(AnswerCollectionRecord.collection_id).where(
            AnswerCollectionRecord.answer_id == answer_id
        )
        return list(self._session.scalars(query))

    def page(
        self, user_id: str | None, conversation_id: str | None, *, limit: int, cursor: str | None
    ) -> tuple[Sequence[AnswerRecord], str | None]:
        """The user's own answers, newest first."""
        query = select(AnswerRecord).where(AnswerRecord.user_id == user_id)
        if conversation_id is not None:
            query = query.where(AnswerRecord.conversation_id == conversation_id)
        return self._page(query, AnswerRecord.id, limit=limit, cursor=cursor, newest_first=True)

    def turns(self, conversation_id: str, *, limit: int) -> Sequence[AnswerRecord]:
        """The newest turns of a conversation, oldest first."""
        query = (
            select(AnswerRecord)
            .where(AnswerRecord.conversation_id == conversation_id)
            .order_by(AnswerRecord.id.desc())
            .limit(limit)
        )
        return list(reversed(self._session.scalars(query).all()))
