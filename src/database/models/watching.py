"""What the monitor measured, the alerts it raised, and the patterns of what failed."""

from __future__ import annotations

from sqlalchemy import Float, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, Code, Digest, JsonList, JsonObject, Key, Moment


class MeasurementRecord(Base):
    """What one collector saw last. ``samples`` is a list of ``[name, labels, value, count, chance]``; where
    the collector failed they are those of the time before, and ``error`` says why."""

    __tablename__ = "measurements"

    collector: Mapped[str] = mapped_column(String(60), primary_key=True)
    at: Mapped[Moment]
    took_s: Mapped[float] = mapped_column(Float)
    error: Mapped[str | None] = mapped_column(Text)
    samples: Mapped[JsonList]


class AlertRecord(Base):
    """One episode of a figure beyond its threshold. ``pending`` until that has lasted, then ``raised``, then
    ``cleared``; ``subject`` is what the figure is of, empty for the whole installation. ``since`` is when the
    threshold was passed, ``calm_since`` since when it looks well again."""

    __tablename__ = "alerts"
    __table_args__ = (
        Index(
            "uq_alerts_open",
            "rule",
            "subject",
            unique=True,
            sqlite_where=text("state <> 'cleared'"),
            postgresql_where=text("state <> 'cleared'"),
        ),
        Index("ix_alerts_state", "state", "id"),
    )

    id: Mapped[Key]
    rule: Mapped[Code]
    subject: Mapped[Code]
    severity: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20))
    value: Mapped[float] = mapped_column(Float)
    threshold: Mapped[float] = mapped_column(Float)
    detail: Mapped[str] = mapped_column(Text)
    since: Mapped[Moment]
    raised_at: Mapped[Moment | None]
    calm_since: Mapped[Moment | None]
    cleared_at: Mapped[Moment | None] = mapped_column(index=True)


class ErrorPatternRecord(Base):
    """Failures that say the same but for names and numbers. ``id`` is the digest of what they share, and
    ``example`` the newest of them as it was."""

    __tablename__ = "error_patterns"

    id: Mapped[Key]
    origin: Mapped[str] = mapped_column(String(20))
    place: Mapped[Code]
    code: Mapped[Code]
    message: Mapped[str] = mapped_column(Text)
    count: Mapped[int]
    first_at: Mapped[Moment]
    last_at: Mapped[Moment] = mapped_column(index=True)
    example: Mapped[JsonObject]


class ErrorHourRecord(Base):
    """How often a pattern was seen within one hour."""

    __tablename__ = "error_hours"

    pattern_id: Mapped[Digest] = mapped_column(
        ForeignKey("error_patterns.id", ondelete="CASCADE"), primary_key=True
    )
    hour: Mapped[Moment] = mapped_column(primary_key=True)
    count: Mapped[int]
