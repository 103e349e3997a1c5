"""Jobs: long work with durable progress, taken up again where it stopped when its worker dies."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from pydantic import ValidationError

from .catchup import CatchUp
from .context import Context, JobFence
from .errors import AppError, UnreachableError
from .messages.base import JobSpec
from .pace import Pace
from .trace import correlated

log = logging.getLogger("stoa.jobs")

REPORT_EVERY_S = 0.5
BEAT_S = 1.0
"""How often at least a running job's lease is renewed; a wish to cancel it is seen then."""


class JobState(StrEnum):
    """Where a job stands. A running job that makes no progress is also flagged as stuck."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class JobCancelledError(Exception):
    """Raised inside a job at the next check after a user asked to cancel it."""


class JobPausedError(Exception):
    """Raised inside a job whose agent was paused or whose process drains: it goes on later."""


class LeaseLostError(Exception):
    """Another worker holds the job now: nothing that this one still does may be committed."""


@dataclass(frozen=True)
class ClaimedJob:
    """A job leased to this worker; ``stage`` and ``done`` (of ``total``) are the furthest that earlier
    attempts came."""

    id: str
    kind: str
    payload: dict[str, Any]
    attempt: int
    lease_token: str
    correlation_id: str
    created_by: str
    collection_id: str | None
    stage: str | None = None
    done: int = 0
    total: int | None = None


@dataclass(frozen=True)
class Progress:
    """How far a job is. ``rate_per_s`` and ``eta_s`` are None while nothing is known; ``attempt`` is 1
    again once the job got further than earlier attempts."""

    stage: str
    done: int
    total: int | None
    rate_per_s: float | None
    eta_s: float | None
    attempt: int = 1


class JobStore(Protocol):
    """Keeps jobs in SQL. Every method that takes a job works only while its lease token holds, and
    raises LeaseLostError otherwise."""

    def claim(self, kinds: Collection[str], *, lease_s: float) -> ClaimedJob | None:
        """Lease the oldest job that is queued, or running with a lease that ran out."""

    def extend(self, job: ClaimedJob, *, lease_s: float) -> bool:
        """Renew the lease; returns True where a user asked to cancel the job."""

    def report(self, job: ClaimedJob, progress: Progress) -> None: ...

    def succeed(self, job: ClaimedJob) -> None: ...

    def fail(self, job: ClaimedJob, *, code: str, detail: str) -> None: ...

    def cancelled(self, job: ClaimedJob) -> None: ...

    def requeue(
        self, job: ClaimedJob, *, delay_s: float, counted: bool, code: str | None = None, detail: str = ""
    ) -> None:
        """Give the job back, to be claimed again after ``delay_s``; without ``counted`` this attempt does not
        count. ``code`` and ``detail`` say what it waits for, until it is claimed."""


class JobRun:
    """A job as its agent sees it while it runs.

    ``ctx`` carries the job's lease as a fence: a unit of work begun with it commits only while this
    worker still holds the job.
    """

    def __init__(
        self, job: ClaimedJob, ctx: Context, store: JobStore, interruption: Callable[[], bool]
    ) -> None:
        self.job = job
        self.ctx = ctx
        self.attempt = job.attempt
        # An attempt that was paused is not counted, but left its mark as well.
        self._catch_up = CatchUp(job.stage, job.done, earlier=job.attempt > 1 or job.stage is not None)
        self._store = store
        self._interrupted = interruption
        self._cancel = threading.Event()
        self._lost = threading.Event()
        self._pace = Pace()
        self._reported_at = float("-inf")
        self._progress = Progress("starting", 0, None, None, None)

    def check(self) -> None:
        """Raise JobCancelledError, LeaseLostError or JobPausedError where the job must stop here.
        Call it between steps that leave everything consistent."""
        if self._lost.is_set():
            raise LeaseLostError(self.job.id)
        if self._cancel.is_set():
            raise JobCancelledError(self.job.id)
        if self._interrupted():
            raise JobPausedError(self.job.id)

    def reached(self, step: str) -> None:
        """Note that a named step is behind, and that everything is consistent here; then ``check``."""
        log.debug("job %s reached: %s", self.job.id, step)
        self.check()

    def progress(self, *, stage: str, done: int, total: int | None) -> None:
        """Report where the job is; written at most twice a second and at every change of stage."""
        now = self.ctx.clock.monotonic()
        new_stage = stage != self._progress.stage
        gained = self._catch_up.passed(stage, done)
        if gained:
            # Attempts are given up after too many without any progress, not after too many in all.
            self.attempt = 1
        if new_stage:
            self._pace = Pace()
        self._pace.note(now, done)
        rate = self._pace.rate_per_s()
        eta = (total - done) / rate if rate and total is not None else None
        self._progress = Progress(stage, done, total, rate, eta, self.attempt)
        if new_stage or gained or now - self._reported_at >= REPORT_EVERY_S or done == total:
            self._reported_at = now
            self._store.report(self.job, self._shown())

    def _shown(self) -> Progress:
        """What is kept: while an attempt goes once more over what earlier ones did, how far those came."""
        job, now = self.job, self._progress
        if not self._catch_up.behind or job.stage is None:
            return now
        return Progress(job.stage, job.done, job.total, None, None, self.attempt)

    def beat(self, lease_s: float) -> None:
        """Renew the lease; the runner calls it from its own thread."""
        try:
            if self._store.extend(self.job, lease_s=lease_s):
                self._cancel.set()
        except LeaseLostError:
            self._lost.set()


@dataclass(frozen=True)
class JobRoute:
    """Which method carries out a kind of job."""

    agent: str
    spec: type[JobSpec]
    handler: Callable[[Any, JobRun], None]


class JobRunner:
    """Claims jobs and carries them out, one at a time for each thread that calls ``run_once``. ``ended`` is
    told each agent's outcome: None for success, else the failure."""

    def __init__(
        self,
        routes: dict[str, JobRoute],
        store: JobStore,
        context: Callable[[ClaimedJob, JobFence], Context],
        *,
        interrupted: Callable[[str], bool],
        attempts: int,
        lease_s: float,
        ended: Callable[[str, str | None], None] = lambda agent, error: None,
    ) -> None:
        self._ended = ended
        self._routes = routes
        self._store = store
        self._context = context
        self._interrupted = interrupted
        self._attempts = attempts
        self._lease_s = lease_s

    def run_once(self, kinds: Collection[str]) -> bool:
        """Carry out one job of ``kinds``, if any is due; True where there was one."""
        job = self._store.claim(kinds, lease_s=self._lease_s)
        if job is None:
            return False
        route = self._routes[job.kind]
        ctx = self._context(job, JobFence(job.id, job.lease_token))
        run = JobRun(job, ctx, self._store, lambda: self._interrupted(route.agent))
        stop = threading.Event()
        heart = threading.Thread(
            target=self._beat, args=(run, stop), name=f"lease-{job.id[-6:]}", daemon=True
        )
        heart.start()
        try:
            with correlated(job.correlation_id):
                self._carry_out(route, job, run)
        except LeaseLostError:
            log.warning("job %s (%s) was taken over by another worker", job.id, job.kind)
        finally:
            stop.set()
            heart.join()
        return True

    def _beat(self, run: JobRun, stop: threading.Event) -> None:
        while not stop.wait(min(self._lease_s / 4, BEAT_S)):
            try:
                run.beat(self._lease_s)
            except Exception:
                log.exception("the lease of job %s could not be renewed; trying again", run.job.id)

    def _carry_out(self, route: JobRoute, job: ClaimedJob, run: JobRun) -> None:
        if job.attempt > self._attempts:
            self._store.fail(
                job,
                code="gave_up",
                detail=f"The job was begun {job.attempt - 1} times without getting any further before its "
                "worker died; look at the log for the cause, then retry.",
            )
            return
        try:
            spec = route.spec.model_validate(job.payload)
        except ValidationError as error:
            problems = error.errors(include_input=False, include_url=False)
            log.warning("job %s (%s) cannot be read: %s", job.id, job.kind, problems)
            detail = "The job was written by another version of Stoa and cannot be read; ask for it again."
            self._ended(route.agent, f"unreadable_job: {detail}")
            self._store.fail(job, code="unreadable_job", detail=detail)
            return
        try:
            run.check()
            route.handler(spec, run)
        except LeaseLostError:
            raise
        except JobCancelledError:
            self._store.cancelled(job)
        except JobPausedError:
            self._store.requeue(job, delay_s=0.0, counted=False)
        except AppError as error:
            log.warning("job %s (%s) failed in attempt %d: %s", job.id, job.kind, run.attempt, error.detail)
            self._ended(route.agent, f"{error.code}: {error.detail}")
            self._fail(run, error.code, error.detail, again=isinstance(error, UnreachableError))
        except Exception as error:
            log.exception("job %s (%s) failed in attempt %d", job.id, job.kind, run.attempt)
            told = f"{type(error).__name__}: {error}"
            self._ended(route.agent, told)
            self._fail(run, "internal", f"{told}. The log holds the trace.", again=True)
        else:
            self._store.succeed(job)
            self._ended(route.agent, None)

    def _fail(self, run: JobRun, code: str, detail: str, *, again: bool) -> None:
        if again and run.attempt < self._attempts:
            delay_s = min(60.0, 2.0**run.attempt)
            self._store.requeue(run.job, delay_s=delay_s, counted=True, code=code, detail=detail)
        else:
            self._store.fail(run.job, code=code, detail=detail)
