"""Watching and cancelling long work."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from src.core.jobs import JobState

from .base import Access, Event, Id, Page, Reply, Request, Target
from .lists import Cursor, Limit


class JobFailure(Reply):
    """Why a job failed."""

    code: str
    detail: str


class Job(Reply):
    """A job with its durable progress. ``stuck`` is True for a job that should move and does not."""

    id: str
    kind: str
    collection_id: str | None
    source_id: str | None
    state: JobState
    stage: str | None
    done: int
    total: int | None
    rate_per_s: float | None
    eta_s: float | None
    stuck: bool
    attempts: int
    error: JobFailure | None = None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class GetJob(Request[Job]):
    """One job."""

    capability: ClassVar[str] = "job.get"
    access: ClassVar[Access] = Access.read(Target.JOB, "job_id")
    job_id: Id


class ListJobs(Request[Page[Job]]):
    """Jobs of the collections that the caller may read, newest first."""

    capability: ClassVar[str] = "job.list"
    access: ClassVar[Access] = Access.signed_in()
    collection_id: Id | None = None
    state: JobState | None = None
    limit: Limit = 50
    cursor: Cursor = None


class CancelJob(Request[Job]):
    """Ask a job to stop at its next safe point; a job that has ended stays as it is."""

    capability: ClassVar[str] = "job.cancel"
    access: ClassVar[Access] = Access.write(Target.JOB, "job_id")
    job_id: Id


class JobFinished(Event):
    """A job came to its end, whichever."""

    topic: ClassVar[str] = "job.finished.v1"
    job_id: str
    kind: str
    state: JobState
    collection_id: str | None = None

    def ordering_key(self) -> str | None:
        return self.job_id


class JobStuck(Event):
    """A job that should move does not."""

    topic: ClassVar[str] = "job.stuck.v1"
    job_id: str
    kind: str

    def ordering_key(self) -> str | None:
        return self.job_id
