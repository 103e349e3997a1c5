"""The members of a collection: who may read or write in it besides its owner."""

from __future__ import annotations

from src.core.caller import Caller
from src.core.context import Context
from src.core.errors import ForbiddenError, NotFoundError
from src.core.messages import Page
from src.core.messages.collections import ListMembers, Member, RemoveMember, SetMember
from src.database.models import CollectionRecord, MembershipRecord, UserRecord
from src.database.repositories.memberships import Memberships
from src.database.uow import Database, Work


def list_members(database: Database, request: ListMembers, ctx: Context) -> Page[Member]:
    """Raises ForbiddenError for all but the owner and administrators, as do the others."""
    with database.read() as work:
        require_owner(work.collections.get(request.collection_id), ctx.caller)
        records, cursor = Memberships(work.session).page(
            request.collection_id, limit=request.limit, cursor=request.cursor
        )
        names = work.users.names({record.user_id for record in records})
        return Page[Member](items=tuple(_member(r, names[r.user_id]) for r in records), next=cursor)


def set_member(database: Database, request: SetMember, ctx: Context) -> Member:
    """Raises NotFoundError for a user that there is not."""
    with database.begin(ctx) as work:
        require_owner(work.collections.get(request.collection_id), ctx.caller)
        user = _user(work, request.username)
        memberships = Memberships(work.session)
        record = memberships.of(request.collection_id, user.id)
        if record is None:
            record = memberships.add(
                MembershipRecord(collection_id=request.collection_id, user_id=user.id, created_at=work.now())
            )
        record.may_write = request.may_write
        member = _member(record, user.username)
        work.commit()
    return member


def remove_member(database: Database, request: RemoveMember, ctx: Context) -> None:
    """Raises NotFoundError for a user that there is not, or who is no member."""
    with database.begin(ctx) as work:
        require_owner(work.collections.get(request.collection_id), ctx.caller)
        memberships = Memberships(work.session)
        record = memberships.of(request.collection_id, _user(work, request.username).id)
        if record is None:
            raise NotFoundError(f"{request.username} is no member of the collection.")
        memberships.delete(record)
        work.commit()


def require_owner(collection: CollectionRecord, caller: Caller) -> None:
    """Raise ForbiddenError for a caller who neither owns the collection nor administers."""
    if not caller.administers and (caller.user_id is None or collection.owner_id != caller.user_id):
        raise ForbiddenError("Only the collection's owner or an administrator may do this.")


def _user(work: Work, username: str) -> UserRecord:
    user = work.users.by_name(username)
    if user is None:
        raise NotFoundError(f"There is no user {username}.")
    return user


def _member(record: MembershipRecord, username: str) -> Member:
    return Member(username=username, may_write=record.may_write, since=record.created_at)
