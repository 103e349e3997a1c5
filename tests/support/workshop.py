"""A job runner on a real job store, with a clock that a test moves and jobs that a test writes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from sqlalchemy import select

from src.core.caller import Caller
from src.core.context import Context, JobFence
from src.core.jobs import ClaimedJob, JobRoute, JobRun, JobRunner
from src.core.messages.base import JobSpec
from src.core.orchestrator import AgentOrchestrator
from src.core.signals import Signal
from src.database.jobstore import SqlJobStore
from src.database.models import EventRecord, JobRecord
from src.database.uow import Database

LEASE_S = 30.0
ATTEMPTS = 3


class Chop(JobSpec):
    """Chops wood."""

    kind: ClassVar[str] = "chop"
    pile: str = "birch"


@dataclass
class MovableClock:
    """Stands still until a test moves it."""

    seconds: float = 1_800_000_000.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)

    def monotonic(self) -> float:
        return self.seconds


@dataclass
class Workshop:
    """Carries out jobs with ``chop``; ``clock`` must be that of the database."""

    database: Database
    clock: MovableClock
    chop: Callable[[Chop, JobRun], None] = lambda spec, run: None
    paused: bool = False
    store: SqlJobStore = field(init=False)
    orchestrator: AgentOrchestrator = field(init=False)

    def __post_init__(self) -> None:
        self.store = SqlJobStore(self.database, Signal())
        self.orchestrator = AgentOrchestrator([], [], [], self.clock)

    def runner(self, *, lease_s: float = LEASE_S) -> JobRunner:
        return JobRunner(
            {Chop.kind: JobRoute("woodcutter", Chop, lambda spec, run: self.chop(spec, run))},  # noqa: PLW0108
            self.store,
            self.context,
            interrupted=lambda agent: self.paused,
            attempts=ATTEMPTS,
            lease_s=lease_s,
        )

    def context(self, job: ClaimedJob, fence: JobFence) -> Context:
        plain = self.orchestrator.context(
            Caller.agent("woodcutter"), correlation_id=job.correlation_id, causation_id=job.id
        )
        return replace(plain, fence=fence)

    def enqueue(self, *, source_id: str | None = None, pile: str = "birch") -> str:
        with self.database.begin() as work:
            job_id = work.enqueue(Chop(pile=pile), source_id=source_id).id
            work.commit()
            return job_id

    def work(self) -> bool:
        """Carry out one job, if any is due."""
        return self.runner().run_once([Chop.kind])

    def claim(self) -> ClaimedJob | None:
        return self.store.claim([Chop.kind], lease_s=LEASE_S)

    def claimed(self) -> ClaimedJob:
        job = self.claim()
        assert job is not None
        return job

    def pass_time(self, seconds: float) -> None:
        self.clock.seconds += timedelta(seconds=seconds).total_seconds()

    def record(self, job_id: str) -> JobRecord:
        with self.database.read() as work:
            return work.jobs.get(job_id)

    def events(self, topic: str) -> list[EventRecord]:
        """What was published so far under the topic, in order."""
        with self.database.read() as work:
            found = work.session.scalars(select(EventRecord).where(EventRecord.topic == topic))
            return sorted(found, key=lambda event: event.event_id)
