"""Sources: repositories and folders that a collection is kept up to date with."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field, SecretStr

from .base import Access, Event, Id, JobSpec, Page, Reply, Request, Target, Text
from .lists import Cursor, Limit

Glob = Annotated[Text, Field(min_length=1, max_length=500)]


class SourceState(StrEnum):
    """Whether a source is up to date, being read, or in trouble."""

    NEW = "new"
    SYNCING = "syncing"
    READY = "ready"
    FAILED = "failed"


class SourceFailure(Reply):
    """Why the last run failed."""

    code: str
    detail: str


class SourceCounts(Reply):
    """What the last finished run found and changed."""

    files: int = 0
    added: int = 0
    changed: int = 0
    renamed: int = 0
    deleted: int = 0
    unchanged: int = 0
    skipped: int = 0


class Source(Reply):
    """A source and its last run. ``location`` never holds credentials."""

    id: str
    collection_id: str
    kind: str
    location: str
    branch: str | None
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    schedule: str | None
    state: SourceState
    last_commit: str | None
    last_run_at: datetime | None
    next_run_at: datetime | None
    last_job_id: str | None
    error: SourceFailure | None = None
    counts: SourceCounts
    created_at: datetime


class AcceptedSource(Reply):
    """A source that was stored, and the job that reads it."""

    source_id: str
    job_id: str


class AddSource(Request[AcceptedSource]):
    """Add a repository or a folder to a collection and read it."""

    capability: ClassVar[str] = "source.add"
    access: ClassVar[Access] = Access.write(Target.COLLECTION, "collection_id")
    collection_id: Id
    kind: Text = Field(min_length=1, max_length=40, description="`git` or `folder`")
    location: Text = Field(min_length=1, max_length=4000, description="A URL, or a path on the server")
    branch: Text | None = Field(None, min_length=1, max_length=250)
    include: tuple[Glob, ...] | None = Field(None, max_length=200, description="Globs; none means all")
    exclude: tuple[Glob, ...] | None = Field(None, max_length=200)
    schedule: Text | None = Field(
        None, max_length=100, description="An interval (`15m`, `1h`, `1d`) or five cron fields, in UTC"
    )
    credential: SecretStr | None = Field(
        None, max_length=4000, description="A token or `user:password`; stored encrypted, never shown"
    )


class ListSources(Request[Page[Source]]):
    """The sources of a collection."""

    capability: ClassVar[str] = "source.list"
    access: ClassVar[Access] = Access.read(Target.COLLECTION, "collection_id")
    collection_id: Id
    limit: Limit = 100
    cursor: Cursor = None


class GetSource(Request[Source]):
    """One source with its last commit, run and counts."""

    capability: ClassVar[str] = "source.get"
    access: ClassVar[Access] = Access.read(Target.SOURCE, "source_id")
    source_id: Id


class QueuedSync(Reply):
    """The job that brings the source up to date."""

    source_id: str
    job_id: str


class SyncSource(Request[QueuedSync]):
    """Bring a source up to date: only what changed since the last finished run is ingested."""

    capability: ClassVar[str] = "source.sync"
    access: ClassVar[Access] = Access.write(Target.SOURCE, "source_id")
    source_id: Id


class DeleteSource(Request[None]):
    """Remove a source and the documents that came from it."""

    capability: ClassVar[str] = "source.delete"
    access: ClassVar[Access] = Access.write(Target.SOURCE, "source_id")
    source_id: Id


class Skipped(Reply):
    """A file of a source that is left out, and why."""

    path: str
    code: str
    reason: str


class ListSkipped(Request[Page[Skipped]]):
    """The files of a source that are left out, each with its reason."""

    capability: ClassVar[str] = "source.skipped"
    access: ClassVar[Access] = Access.read(Target.SOURCE, "source_id")
    source_id: Id
    limit: Limit = 100
    cursor: Cursor = None


class SyncSourceJob(JobSpec):
    """Read a source and ingest what changed."""

    kind: ClassVar[str] = "sync"
    source_id: str


class SourceSynced(Event):
    """A source was read to its end."""

    topic: ClassVar[str] = "source.synced.v1"
    collection_id: str
    source_id: str
    revision: str | None
    counts: SourceCounts

    def ordering_key(self) -> str | None:
        return self.source_id


class SourceFailed(Event):
    """A source could not be read."""

    topic: ClassVar[str] = "source.failed.v1"
    collection_id: str
    source_id: str
    code: str

    def ordering_key(self) -> str | None:
        return self.source_id


class SourceDeleted(Event):
    """A source is gone from SQL; its clone can be removed."""

    topic: ClassVar[str] = "source.deleted.v1"
    collection_id: str
    source_id: str
