"""Users and their personal tokens."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, Digest, JsonList, Key, Moment, Name


class UserRecord(Base):
    """A person who may sign in; ``name_key`` is the case-folded name that must be unique."""

    __tablename__ = "users"
    __table_args__ = (UniqueConstraint("name_key"),)

    id: Mapped[Key]
    username: Mapped[Name]
    name_key: Mapped[Name]
    password_hash: Mapped[str] = mapped_column(String(255))
    password_set_at: Mapped[Moment]
    roles: Mapped[JsonList]
    created_at: Mapped[Moment]
    disabled_at: Mapped[Moment | None]


class PersonalTokenRecord(Base):
    """A personal API token; only the SHA-256 of its text is kept."""

    __tablename__ = "personal_tokens"
    __table_args__ = (UniqueConstraint("digest"),)

    id: Mapped[Key]
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[Name]
    digest: Mapped[Digest]
    created_at: Mapped[Moment]
    expires_at: Mapped[Moment | None]
    last_used_at: Mapped[Moment | None]


class SignInFailureRecord(Base):
    """Recent failed sign-ins of one name: from some number on each costs a pause."""

    __tablename__ = "sign_in_failures"

    name_key: Mapped[str] = mapped_column(String(200), primary_key=True)
    count: Mapped[int]
    last_at: Mapped[Moment]
