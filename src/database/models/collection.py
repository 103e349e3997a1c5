"""Collections, who may read them, and their index versions."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, Key, Moment, Name


class CollectionRecord(Base):
    """What documents are gathered in and permission is given on."""

    __tablename__ = "collections"

    id: Mapped[Key]
    name: Mapped[Name]
    description: Mapped[str] = mapped_column(Text)
    visibility: Mapped[str] = mapped_column(String(20))
    memory_version: Mapped[int] = mapped_column(default=0)
    """Counts up whenever what searches remember of its ratings has changed."""
    owner_id: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]


class MembershipRecord(Base):
    """A user's permission on a private collection, or to write in one."""

    __tablename__ = "memberships"

    collection_id: Mapped[str] = mapped_column(
        ForeignKey("collections.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[str] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    may_write: Mapped[bool]
    created_at: Mapped[Moment]


class IndexRecord(Base):
    """One version of a collection's vector and lexical index. ``state`` is ``building``, ``live`` or
    ``retired``; a collection has at most one live index."""

    __tablename__ = "indexes"
    id: Mapped[Key]
    collection_id: Mapped[str] = mapped_column(ForeignKey("collections.id", ondelete="CASCADE"), index=True)
    embedding_version: Mapped[Name]
    lexical_version: Mapped[Name]
    dimensions: Mapped[int]
    state: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[Moment]
    switched_at: Mapped[Moment | None]
