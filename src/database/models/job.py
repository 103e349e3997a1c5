"""Jobs and the leases of periodic work."""

from __future__ import annotations

from sqlalchemy import Float, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, Code, JsonObject, Key, Moment, Name, Ref


class JobRecord(Base):
    """Long work with durable progress. ``lease_token`` changes at every claim: it fences off a worker
    that lost the job."""

    __tablename__ = "jobs"
    __table_args__ = (Index("ix_jobs_state", "state", "available_at"),)

    id: Mapped[Key]
    kind: Mapped[Code]
    payload: Mapped[JsonObject]
    collection_id: Mapped[str | None] = mapped_column(
        ForeignKey("collections.id", ondelete="CASCADE"), index=True
    )
    source_id: Mapped[Ref | None]
    state: Mapped[str] = mapped_column(String(20))
    stage: Mapped[str | None] = mapped_column(String(200))
    done: Mapped[int]
    total: Mapped[int | None]
    rate_per_s: Mapped[float | None] = mapped_column(Float)
    eta_s: Mapped[float | None] = mapped_column(Float)
    error_code: Mapped[Code | None]
    error_detail: Mapped[str | None] = mapped_column(Text)
    attempts: Mapped[int]
    lease_token: Mapped[Ref | None]
    lease_until: Mapped[Moment | None]
    available_at: Mapped[Moment]
    moved_at: Mapped[Moment]
    stuck_since: Mapped[Moment | None]
    cancel_requested: Mapped[bool]
    correlation_id: Mapped[Ref]
    created_by: Mapped[Name]
    created_at: Mapped[Moment]
    started_at: Mapped[Moment | None]
    finished_at: Mapped[Moment | None]


class LeaseRecord(Base):
    """Who does a periodic task, and until when it was last done."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    holder: Mapped[Ref]
    until: Mapped[Moment]
