"""Which collections a caller may read, and which change."""

from __future__ import annotations

from sqlalchemy import BindParameter, ColumnElement, Select, false, or_, select

from src.core.caller import Caller
from src.database.models import CollectionRecord, MembershipRecord


def open_to(reader: str | BindParameter[str]) -> ColumnElement[bool]:
    """That a collection may be read by a user who is no administrator."""
    member = select(MembershipRecord.collection_id).where(MembershipRecord.user_id == reader)
    return or_(
        CollectionRecord.visibility == "team",
        CollectionRecord.owner_id == reader,
        CollectionRecord.id.in_(member),
    )


def readable(caller: Caller) -> Select[str]:
    """The ids of the collections that the caller may read."""
    query = select(CollectionRecord.id)
    if caller.administers:
        return query
    if caller.user_id is None:
        return query.where(false())
    return query.where(open_to(caller.user_id))


def writable(caller: Caller) -> Select[str]:
    """The ids of the collections that the caller may change."""
    query = select(CollectionRecord.id)
    if caller.administers:
        return query
    if caller.user_id is None:
        return query.where(false())
    member = select(MembershipRecord.collection_id).where(
        MembershipRecord.user_id == caller.user_id, MembershipRecord.may_write
    )
    return query.where(or_(CollectionRecord.owner_id == caller.user_id, CollectionRecord.id.in_(member)))
