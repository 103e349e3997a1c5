"""Collections: what documents are gathered in, and what permission is given on."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field, StringConstraints

from .accounts import Username
from .base import Access, Event, Id, Page, Reply, Request, Target, Text, no_nul
from .lists import Cursor, Limit

Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(no_nul)
]


class Visibility(StrEnum):
    """Who may read a collection."""

    TEAM = "team"
    PRIVATE = "private"


class Collection(Reply):
    """A collection with its counts. ``documents`` counts by state; ``may_write`` is the caller's."""

    id: str
    name: str
    description: str
    visibility: Visibility
    owner: str | None
    created_at: datetime
    updated_at: datetime
    documents: dict[str, int] = {}
    passages: int = 0
    sources: int = 0
    may_write: bool = False
    index_version: str | None = None


class CreateCollection(Request[Collection]):
    """Make an empty collection. A `team` collection is read by everyone who can sign in, a `private`
    one by its owner, its members and administrators."""

    capability: ClassVar[str] = "collection.create"
    access: ClassVar[Access] = Access.signed_in()
    name: Name
    description: Text = Field("", max_length=4000)
    visibility: Visibility = Visibility.TEAM


class ListCollections(Request[Page[Collection]]):
    """The collections that the caller may read."""

    capability: ClassVar[str] = "collection.list"
    access: ClassVar[Access] = Access.signed_in()
    limit: Limit = 100
    cursor: Cursor = None


class GetCollection(Request[Collection]):
    """One collection with its counts."""

    capability: ClassVar[str] = "collection.get"
    access: ClassVar[Access] = Access.read(Target.COLLECTION, "collection_id")
    collection_id: Id


class UpdateCollection(Request[Collection]):
    """Change the name, the description or, for its owner and administrators, the visibility."""

    capability: ClassVar[str] = "collection.update"
    access: ClassVar[Access] = Access.write(Target.COLLECTION, "collection_id")
    collection_id: Id
    name: Name | None = None
    description: Text | None = Field(None, max_length=4000)
    visibility: Visibility | None = None


class DeleteCollection(Request[None]):
    """Delete the collection with all its documents, sources and indexes. For its owner and administrators."""

    capability: ClassVar[str] = "collection.delete"
    access: ClassVar[Access] = Access.write(Target.COLLECTION, "collection_id")
    collection_id: Id


class Member(Reply):
    """A user who may read the collection, and write in it where ``may_write`` says so."""

    username: str
    may_write: bool
    since: datetime


class ListMembers(Request[Page[Member]]):
    """Who may read or write besides the owner and administrators; for these only."""

    capability: ClassVar[str] = "collection.members"
    access: ClassVar[Access] = Access.read(Target.COLLECTION, "collection_id")
    collection_id: Id
    limit: Limit = 100
    cursor: Cursor = None


class SetMember(Request[Member]):
    """Let a user read the collection, and write in it where wanted; again changes it. For its owner and
    administrators."""

    capability: ClassVar[str] = "collection.set_member"
    access: ClassVar[Access] = Access.write(Target.COLLECTION, "collection_id")
    collection_id: Id
    username: Username
    may_write: bool = False


class RemoveMember(Request[None]):
    """Take a membership back. For the collection's owner and administrators."""

    capability: ClassVar[str] = "collection.remove_member"
    access: ClassVar[Access] = Access.write(Target.COLLECTION, "collection_id")
    collection_id: Id
    username: Username


class CollectionCreated(Event):
    """A collection exists."""

    topic: ClassVar[str] = "collection.created.v1"
    collection_id: str
    name: str

    def ordering_key(self) -> str | None:
        return self.collection_id


class CollectionDeleted(Event):
    """A collection is gone from SQL; its ``indexes`` can be removed from their stores."""

    topic: ClassVar[str] = "collection.deleted.v1"
    collection_id: str
    indexes: tuple[str, ...] = ()
    source_ids: tuple[str, ...] = ()

    def ordering_key(self) -> str | None:
        return self.collection_id
