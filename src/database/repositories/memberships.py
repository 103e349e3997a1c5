"""Who may read or write in a collection besides its owner."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from sqlalchemy import select

from src.database.models import MembershipRecord

from .base import Repository


class Memberships(Repository[MembershipRecord]):
    """The members of collections."""

    model: ClassVar = MembershipRecord
    noun: ClassVar = "membership"

    def of(self, collection_id: str, user_id: str) -> MembershipRecord | None:
        return self._session.get(MembershipRecord, (collection_id, user_id))

    def page(
        self, collection_id: str, *, limit: int, cursor: str | None
    ) -> tuple[Sequence[MembershipRecord], str | None]:
        """Members in the order of their accounts."""
        query = select(MembershipRecord).where(MembershipRecord.collection_id == collection_id)
        return self._page(query, MembershipRecord.user_id, limit=limit, cursor=cursor)
