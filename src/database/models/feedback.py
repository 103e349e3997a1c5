"""What readers said of answers and hits, and what they did without saying so."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, Digest, JsonList, JsonObject, Key, Moment, Ref


class RatingRecord(Base):
    """One user's rating of one object: an answer, a citation of an answer, or a hit of a search.

    ``search_id`` is the search that showed it, ``passage_id`` what was rated (None for an answer as a
    whole). ``content_key`` names the passage's content: it stays true when the document is indexed
    anew. ``question`` is the query as retrieval saw it, kept here so that the rating outlives the record of
    the search; ``place`` is the rank at which it was shown. A rating is ``new`` until it is checked; only
    what is ``counted`` teaches anything; a ``held`` rating waits for a person. ``reviewed_by`` names the one
    who released or discarded it: it is not held again.
    """

    __tablename__ = "ratings"
    __table_args__ = (
        UniqueConstraint("user_id", "object_key"),
        Index("ix_ratings_collection", "collection_id", "state", "id"),
        Index("ix_ratings_state", "state", "id"),
    )

    id: Mapped[Key]
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    object_key: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(20))
    answer_id: Mapped[str | None] = mapped_column(ForeignKey("answers.id", ondelete="CASCADE"), index=True)
    marker: Mapped[str | None] = mapped_column(String(20))
    search_id: Mapped[str] = mapped_column(String(64), index=True)
    collection_id: Mapped[str | None] = mapped_column(ForeignKey("collections.id", ondelete="CASCADE"))
    document_id: Mapped[str | None] = mapped_column(
        ForeignKey("documents.id", ondelete="CASCADE"), index=True
    )
    passage_id: Mapped[str | None] = mapped_column(String(64))
    content_key: Mapped[Digest | None]
    place: Mapped[int | None]
    question: Mapped[str] = mapped_column(Text)
    question_key: Mapped[str] = mapped_column(String(64), index=True)
    verdict: Mapped[str] = mapped_column(String(10))
    stars: Mapped[int | None]
    reasons: Mapped[JsonList]
    comment: Mapped[str | None] = mapped_column(Text)
    correction: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(20))
    held_reason: Mapped[str | None] = mapped_column(Text)
    reviewed_by: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment] = mapped_column(index=True)


class SignalRecord(Base):
    """What a user did with what was shown: opened a citation, copied, asked again, left. Apart from the
    ratings, since it says less; ``place`` is the rank it was shown at."""

    __tablename__ = "signals"
    __table_args__ = (UniqueConstraint("user_id", "object_key"),)

    id: Mapped[Key]
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    object_key: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(20))
    search_id: Mapped[str] = mapped_column(String(64), index=True)
    answer_id: Mapped[Ref | None]
    collection_id: Mapped[str | None] = mapped_column(ForeignKey("collections.id", ondelete="CASCADE"))
    passage_id: Mapped[Ref | None]
    place: Mapped[int | None]
    count: Mapped[int]
    at: Mapped[Moment] = mapped_column(index=True)


class QuestionVectorRecord(Base):
    """The vector of a question that was rated, by the key of its text and the embedding version."""

    __tablename__ = "question_vectors"

    question_key: Mapped[str] = mapped_column(String(64), primary_key=True)
    embedding_version: Mapped[str] = mapped_column(String(200), primary_key=True)
    vector: Mapped[bytes] = mapped_column(LargeBinary)


class InsightRecord(Base):
    """A group of failing questions as the feedback analyst found it; each report replaces the one before.

    ``collection_id`` is None for questions that were asked of several collections. ``report`` is the
    insight as its readers see it; ``first_found_at`` is when a report first had this group."""

    __tablename__ = "insights"

    id: Mapped[Key]
    collection_id: Mapped[str | None] = mapped_column(
        ForeignKey("collections.id", ondelete="CASCADE"), index=True
    )
    cause: Mapped[str] = mapped_column(String(60))
    size: Mapped[int]
    question_keys: Mapped[JsonList]
    report: Mapped[JsonObject]
    first_found_at: Mapped[Moment]
    at: Mapped[Moment]
