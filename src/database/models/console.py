"""Activities, the steering of agents and small facts about the installation."""

from __future__ import annotations

from sqlalchemy import Float, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, Code, Key, Moment, Name, Ref


class ActivityLine(Base):
    """One handled request. ``error`` says what failed where Stoa did, not where its caller did."""

    __tablename__ = "activities"
    __table_args__ = (
        Index("ix_activities_agent", "agent", "id"),
        Index("ix_activities_correlation", "correlation_id"),
    )

    id: Mapped[Key]
    capability: Mapped[Code]
    agent: Mapped[Code]
    caller: Mapped[Name]
    at: Mapped[Moment] = mapped_column(index=True)
    duration_ms: Mapped[float] = mapped_column(Float)
    outcome: Mapped[Code]
    error: Mapped[str | None] = mapped_column(Text)
    correlation_id: Mapped[Ref]


class AgentRecord(Base):
    """What an agent was told, and its counters over all processes and restarts."""

    __tablename__ = "agents"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    steering: Mapped[str] = mapped_column(String(20))
    handled: Mapped[int]
    failed: Mapped[int]
    last_error: Mapped[str | None] = mapped_column(Text)
    last_error_at: Mapped[Moment | None]


class FactRecord(Base):
    """A small fact about the installation, such as that the sample was made."""

    __tablename__ = "facts"

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    value: Mapped[str] = mapped_column(Text)
