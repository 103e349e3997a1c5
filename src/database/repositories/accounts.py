"""Users, personal tokens and failed sign-ins."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from sqlalchemy import func, select

from src.core.caller import ADMIN
from src.database.inserts import insert_new
from src.database.models import PersonalTokenRecord, SignInFailureRecord, UserRecord

from .base import Repository


def name_key(username: str) -> str:
    """The form of a username that must be unique: two names that differ in case only are one."""
    return username.casefold()


class Users(Repository[UserRecord]):
    """The accounts; a name is found without regard to case."""

    model: ClassVar = UserRecord
    noun: ClassVar = "user"

    def by_name(self, username: str) -> UserRecord | None:
        return self._session.scalar(select(UserRecord).where(UserRecord.name_key == name_key(username)))

    def page(self, *, limit: int, cursor: str | None) -> tuple[Sequence[UserRecord], str | None]:
        return self._page(select(UserRecord), UserRecord.id, limit=limit, cursor=cursor)

    def count(self) -> int:
        return self._session.scalar(select(func.count()).select_from(UserRecord)) or 0

    def hold_administrators(self) -> set[str]:
        """The ids of the administrators who can sign in; nobody becomes or ceases to be one until this
        transaction ends. What refers to a user goes on."""
        query = select(UserRecord).order_by(UserRecord.id).with_for_update(key_share=True)
        records = self._session.scalars(query)
        return {record.id for record in records if ADMIN in record.roles and record.disabled_at is None}

    def names(self, ids: set[str]) -> dict[str, str]:
        rows = self._session.execute(select(UserRecord.id, UserRecord.username).where(UserRecord.id.in_(ids)))
        return {row.id: row.username for row in rows}


class PersonalTokens(Repository[PersonalTokenRecord]):
    """Personal API tokens, found by the digest of their text."""

    model: ClassVar = PersonalTokenRecord
    noun: ClassVar = "token"

    def by_digest(self, digest: str) -> PersonalTokenRecord | None:
        return self._session.scalar(select(PersonalTokenRecord).where(PersonalTokenRecord.digest == digest))

    def of(self, user_id: str) -> Sequence[PersonalTokenRecord]:
        query = select(PersonalTokenRecord).where(PersonalTokenRecord.user_id == user_id)
        return list(self._session.scalars(query.order_by(PersonalTokenRecord.id)))


class SignInFailures(Repository[SignInFailureRecord]):
    """Recent failed sign-ins, one record for each name that was tried."""

    model: ClassVar = SignInFailureRecord
    noun: ClassVar = "failed sign-in"

    def open(self, key: str, now: datetime) -> SignInFailureRecord:
        """The record of a name, made where there is none, and nobody else's until this transaction ends."""
        fresh = {"name_key": key, "count": 0, "last_at": now}
        self._session.execute(insert_new(self._session, SignInFailureRecord), fresh)
        return self._session.get_one(SignInFailureRecord, key, with_for_update=True)
