"""Searches, conversations and answers, as they were shown."""

from __future__ import annotations

from sqlalchemy import Float, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, JsonList, JsonObject, Key, Moment, Name


class SearchRecord(Base):
    """What one search showed, so that a later rating of a hit can be tied to it and replayed.

    ``models`` names the ranking model of each collection. Where ``experiment_id`` is set the list was
    interleaved: each hit then carries the team that placed it and its rank in both models' own lists."""

    __tablename__ = "searches"

    id: Mapped[Key]
    user_id: Mapped[str | None] = mapped_column(String(64), index=True)
    query: Mapped[str] = mapped_column(Text)
    request: Mapped[JsonObject]
    collection_ids: Mapped[JsonList]
    hits: Mapped[JsonList]
    index_version: Mapped[str] = mapped_column(Text)
    models: Mapped[JsonObject]
    experiment_id: Mapped[str | None] = mapped_column(String(64), index=True)
    took_ms: Mapped[JsonObject]
    at: Mapped[Moment] = mapped_column(index=True)


class ConversationRecord(Base):
    """Questions of one user that follow one another."""

    __tablename__ = "conversations"

    id: Mapped[Key]
    user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[Moment]


class AnswerRecord(Base):
    """An answer with its whole provenance; ``answer`` is the message exactly as it was shown.

    What is counted over many answers has columns of its own: whether it was ``refused`` for want of evidence,
    how many ``claims`` it makes and how many of them are ``unsupported``, whether extracts took over from a
    language model that failed (``fell_back``), and what it took and cost. Where its reader takes part in a
    comparison of answers, ``experiment_id`` and ``arm`` say in which and on which side."""

    __tablename__ = "answers"
    __table_args__ = (Index("ix_answers_conversation", "conversation_id", "id"),)

    id: Mapped[Key]
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    user_id: Mapped[str | None] = mapped_column(String(64), index=True)
    question: Mapped[str] = mapped_column(Text)
    grounded: Mapped[bool]
    model: Mapped[Name]
    answer: Mapped[JsonObject]
    refused: Mapped[bool] = mapped_column(default=False)
    claims: Mapped[int] = mapped_column(default=0)
    unsupported: Mapped[int] = mapped_column(default=0)
    input_tokens: Mapped[int] = mapped_column(default=0)
    output_tokens: Mapped[int] = mapped_column(default=0)
    cost_usd: Mapped[float | None] = mapped_column(Float)
    fell_back: Mapped[bool] = mapped_column(default=False)
    took_ms: Mapped[JsonObject] = mapped_column(default=dict)
    experiment_id: Mapped[str | None] = mapped_column(String(64), index=True)
    arm: Mapped[str | None] = mapped_column(String(20))
    asked_at: Mapped[Moment] = mapped_column(index=True)


class AnswerCollectionRecord(Base):
    """A collection that an answer quotes: the answer is read by those who may read all of them."""

    __tablename__ = "answer_collections"

    answer_id: Mapped[str] = mapped_column(ForeignKey("answers.id", ondelete="CASCADE"), primary_key=True)
    collection_id: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)
