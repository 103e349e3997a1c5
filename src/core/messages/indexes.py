"""Checking and rebuilding the vector and lexical indexes from SQL."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from pydantic import Field

from src.core.passages import CONFIGURED

from .base import Access, Event, Id, JobSpec, Page, Reply, Request, Target, Text
from .lists import Cursor, Limit


class IndexReport(Reply):
    """What differs between SQL and the stores for one collection."""

    collection_id: str
    collection: str
    index_id: str | None
    passages: int
    missing_vectors: int
    missing_entries: int
    stray_vectors: int
    stray_entries: int
    outdated: bool
    sound: bool


class CheckReport(Reply):
    """The state of all indexes. ``orphans`` are indexes in a store that SQL does not know."""

    sound: bool
    collections: tuple[IndexReport, ...]
    orphans: tuple[str, ...] = ()
    missing_blobs: tuple[str, ...] = ()


class CheckIndexes(Request[CheckReport]):
    """Compare SQL with the vector and lexical stores and say what differs."""

    capability: ClassVar[str] = "index.check"
    access: ClassVar[Access] = Access.administer()
    deadline_s: ClassVar[float | None] = 600.0
    collection_id: Id | None = None


class QueuedRebuild(Reply):
    """The job that rebuilds."""

    job_id: str


class RebuildIndexes(Request[QueuedRebuild]):
    """Rebuild the indexes of one collection, or of all, beside the live ones, and switch over.

    ``embedding_version`` names another embedding model, whose index the collection keeps from then on:
    a version that Stoa has used before, or ``configured`` for the one that is configured, now and later.
    """

    capability: ClassVar[str] = "index.rebuild"
    access: ClassVar[Access] = Access.administer()
    collection_id: Id | None = None
    embedding_version: Text | None = Field(None, max_length=200)


class IndexVersion(Reply):
    """An index of a collection: what it is made with, and whether it is ``building``, ``live``, on
    ``standby`` (whole, and ready to take over) or ``retired``. ``model`` is the embedding model by name,
    ``tuned`` where Stoa tuned it. ``chunker`` is how documents are cut into its passages, by name:
    ``configured``, or what the settings are. ``passages`` are those in it, None where its files are missing,
    of ``expected``; ``uncut`` counts the documents that cannot be cut so, which have a list of their own."""

    id: str
    embedding_version: str
    model: str
    tuned: bool
    chunker: str
    passages: int | None
    expected: int
    uncut: int
    lexical_version: str
    state: str
    created_at: datetime
    switched_at: datetime | None


class IndexVersions(Reply):
    """The indexes of one collection. ``wanted`` is the embedding version that its index should have,
    ``configured`` the one of the configured model; ``passages`` are those that an index should hold.

    ``chunker`` names how documents are cut into the passages that are searched, and ``cutting`` is the
    version of the parser with these settings;
    ``cut_otherwise`` counts the documents that are searched as another one cut them."""

    collection_id: str
    wanted: str
    configured: str
    chunker: str
    cutting: str
    cut_otherwise: int
    passages: int
    indexes: tuple[IndexVersion, ...]


class ListIndexVersions(Request[IndexVersions]):
    """What a collection is indexed with, and which index is searched."""

    capability: ClassVar[str] = "index.versions"
    access: ClassVar[Access] = Access.administer()
    collection_id: Id


class UncutDocument(Reply):
    """A document that cannot be cut in one way: ``code`` and ``detail`` say why."""

    document_id: str
    external_id: str
    title: str
    code: str
    detail: str


class ListUncutDocuments(Request[Page[UncutDocument]]):
    """The documents of a collection that cannot be cut as ``chunker`` says. They are searched as before as
    long as that is not searched; if it is, they have failed."""

    capability: ClassVar[str] = "index.uncut"
    access: ClassVar[Access] = Access.write(Target.COLLECTION, "collection_id")
    collection_id: Id
    chunker: Text = Field(max_length=200)
    limit: Limit = 50
    cursor: Cursor = None


class ReturnIndex(Request[IndexVersions]):
    """Search the index that was live before again, at once, or the one of ``index_id``, which must be on
    standby; the one that is live now goes on standby."""

    capability: ClassVar[str] = "index.return"
    access: ClassVar[Access] = Access.administer()
    collection_id: Id
    index_id: Id | None = None


class RebuildIndexesJob(JobSpec):
    """Build beside the live index and switch; without ``switch`` the new index stays on standby. What is not
    named, embedding version or cutting, is that which the collection has."""

    kind: ClassVar[str] = "reindex"
    collection_id: str | None = None
    embedding_version: str | None = None
    cutting: str | None = None
    switch: bool = True


class RepairIndexesJob(JobSpec):
    """Add what the live indexes lack and remove what they should not hold."""

    kind: ClassVar[str] = "repair"


class IndexSwitched(Event):
    """Searches of the collection use another index now; those that are ``retired`` can be dropped."""

    topic: ClassVar[str] = "index.switched.v1"
    collection_id: str
    index_id: str
    retired: tuple[str, ...] = ()

    def ordering_key(self) -> str | None:
        return self.collection_id


class IndexReady(Event):
    """An index beside the live one is whole: a model that names its version can be tried."""

    topic: ClassVar[str] = "index.ready.v1"
    collection_id: str
    index_id: str
    embedding_version: str
    cutting: str = CONFIGURED

    def ordering_key(self) -> str | None:
        return self.collection_id
