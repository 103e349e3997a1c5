"""Checking and rebuilding the vector and lexical indexes from SQL."""

from __future__ import annotations

from typing import ClassVar

from .base import Access, Event, Id, JobSpec, Reply, Request


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
    """Rebuild the indexes of one collection, or of all, beside the live ones, and switch over."""

    capability: ClassVar[str] = "index.rebuild"
    access: ClassVar[Access] = Access.administer()
    collection_id: Id | None = None


class RebuildIndexesJob(JobSpec):
    """Rebuild beside the live index and switch."""

    kind: ClassVar[str] = "reindex"
    collection_id: str | None = None


class RepairIndexesJob(JobSpec):
    """Add what the live indexes lack and remove what they should not hold."""

    kind: ClassVar[str] = "repair"


class IndexSwitched(Event):
    """Searches of the collection use another index now; the ``retired`` one can be dropped."""

    topic: ClassVar[str] = "index.switched.v1"
    collection_id: str
    index_id: str
    retired: tuple[str, ...] = ()

    def ordering_key(self) -> str | None:
        return self.collection_id
