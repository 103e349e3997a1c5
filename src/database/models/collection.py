"""Collections, who may read them, and their index versions."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, Cutting, Digest, Key, Moment, Name


class CollectionRecord(Base):
    """What documents are gathered in and permission is given on."""

    __tablename__ = "collections"

    id: Mapped[Key]
    name: Mapped[Name]
    description: Mapped[str] = mapped_column(Text)
    visibility: Mapped[str] = mapped_column(String(20))
    memory_version: Mapped[int] = mapped_column(default=0)
    """Counts up whenever what searches remember of its ratings has changed."""
    embedding_version: Mapped[Name | None]
    """What its index is to be made with; None follows the configured model."""
    cutting: Mapped[Cutting]
    """That of the index which is searched."""
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
    """One version of a collection's vector and lexical index. A collection has at most one live index.

    ``state`` is ``building``, ``live``, ``standby`` (whole and kept up to date: the one that was live before,
    or one for a model on trial) or ``retired``; ``switched_at`` is when it last became one of the three.
    It holds the passages of its ``cutting``, embedded in its ``embedding_version``."""

    __tablename__ = "indexes"
    id: Mapped[Key]
    collection_id: Mapped[str] = mapped_column(ForeignKey("collections.id", ondelete="CASCADE"), index=True)
    embedding_version: Mapped[Name]
    cutting: Mapped[Cutting]
    lexical_version: Mapped[Name]
    dimensions: Mapped[int]
    state: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[Moment]
    switched_at: Mapped[Moment | None]


class EmbeddingRecord(Base):
    """How the embedding model of a version is found again: by ``model``, the name or folder that was
    configured, or by ``artefact``, the digest of a model trained on ``collection_id``."""

    __tablename__ = "embeddings"

    version: Mapped[Name] = mapped_column(primary_key=True)
    model: Mapped[str] = mapped_column(Text)
    precision: Mapped[str] = mapped_column(String(20))
    artefact: Mapped[Digest | None]
    collection_id: Mapped[str | None] = mapped_column(
        ForeignKey("collections.id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[Moment]
