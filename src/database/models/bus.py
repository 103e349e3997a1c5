"""The event log (which is the outbox), the SQL broker's queue, inboxes and dead letters."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, Code, JsonObject, Key, Moment, Ref

Serial = BigInteger().with_variant(Integer, "sqlite")


_LOGGED = text("position IS NOT NULL")


class EventRecord(Base):
    """An event, written with the change it tells of. Unsent until the relay gave it to the broker and
    a ``position`` in the log. ``target_group`` is set on a replay, which is not part of the log.

    Whoever publishes waits for the disk, and every index is one more page to write: an event enters those
    of the log only when it is logged, many at a time."""

    __tablename__ = "events"
    __table_args__ = (
        Index(
            "ix_events_unsent",
            "seq",
            sqlite_where=text("sent IS 0"),
            postgresql_where=text("sent IS false"),
        ),
        UniqueConstraint("position"),
        Index("ix_events_topic", "topic", "position", sqlite_where=_LOGGED, postgresql_where=_LOGGED),
        Index("ix_events_correlation", "correlation_id", sqlite_where=_LOGGED, postgresql_where=_LOGGED),
    )

    seq: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    event_id: Mapped[str] = mapped_column(String(64))
    topic: Mapped[Code]
    key: Mapped[str | None] = mapped_column(String(200))
    payload: Mapped[JsonObject]
    at: Mapped[Moment]
    correlation_id: Mapped[Ref]
    causation_id: Mapped[Ref | None]
    target_group: Mapped[str | None] = mapped_column(String(60))
    sent: Mapped[bool] = mapped_column(Boolean)
    position: Mapped[int | None] = mapped_column(BigInteger)


class DeliveryRecord(Base):
    """An event that waits for one group in the SQL broker; the row goes when it is settled.

    ``held_key`` is the ordering key where the group asked for order, else null.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("event_id", "group"),
        Index("ix_deliveries_due", "group", "available_at", "seq"),
        Index("ix_deliveries_key", "group", "held_key", "seq"),
    )

    seq: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    event_id: Mapped[Ref]
    group: Mapped[str] = mapped_column(String(60))
    held_key: Mapped[str | None] = mapped_column(String(200))
    envelope: Mapped[str] = mapped_column(Text)
    published_at: Mapped[Moment]
    available_at: Mapped[Moment]
    attempts: Mapped[int]
    lease_token: Mapped[Ref | None]


class InboxRecord(Base):
    """The group has handled (or given up) the event; written in the commit of its effects."""

    __tablename__ = "inbox"

    event_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    group: Mapped[str] = mapped_column(String(60), primary_key=True)
    at: Mapped[Moment] = mapped_column(index=True)


class DeadLetterRecord(Base):
    """An event that a group gave up on."""

    __tablename__ = "dead_letters"
    __table_args__ = (Index("ix_dead_letters_open", "settled_at", "id"),)

    id: Mapped[Key]
    event_id: Mapped[Ref]
    group: Mapped[str] = mapped_column(String(60))
    topic: Mapped[Code]
    envelope: Mapped[JsonObject]
    cause: Mapped[str] = mapped_column(Text)
    trace: Mapped[str] = mapped_column(Text)
    attempts: Mapped[int]
    at: Mapped[Moment]
    replayed_at: Mapped[Moment | None]
    settled_at: Mapped[Moment | None]
