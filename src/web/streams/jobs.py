"""One reader of job progress for all who watch."""

from __future__ import annotations

import time
from collections.abc import Iterator

from src.core.caller import Caller
from src.core.errors import NotFoundError
from src.core.jobs import JobState
from src.core.messages.jobs import GetJob, Job
from src.core.orchestrator import AgentOrchestrator
from src.core.signals import Signal

from .feed import Feed
from .hub import Hub

ENDED = frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED})
_PAUSE_S = 0.5


class JobHub(Hub):
    """Reads each watched job at most twice a second, however many watch it."""

    def __init__(self, orchestrator: AgentOrchestrator, signal: Signal) -> None:
        super().__init__("job progress", signal)
        self._orchestrator = orchestrator
        self._feeds: dict[str, set[Feed[Job]]] = {}
        self._last: dict[str, Job] = {}

    def follow(self, job: Job) -> Iterator[Job | None]:
        """``job`` and then each change of it until it has ended; None about every second without one.

        The caller's right to see the job is shown by having it.
        """
        if job.state in ENDED:
            yield job
            return
        feed: Feed[Job] = Feed()
        with self._lock:
            self._feeds.setdefault(job.id, set()).add(feed)
            if self._last.setdefault(job.id, job) != job:
                del self._last[job.id]  # one of the two is old: the next read is told to everyone
            self._ensure_running()
        try:
            yield job
            yield from feed
        finally:
            with self._lock:
                self._leave(job.id, feed)

    def _leave(self, job_id: str, feed: Feed[Job]) -> None:
        feeds = self._feeds.get(job_id, set())
        feeds.discard(feed)
        if not feeds:
            self._feeds.pop(job_id, None)
            self._last.pop(job_id, None)

    def _wanted(self) -> bool:
        return bool(self._feeds)

    def _read(self) -> None:
        with self._lock:
            watched = list(self._feeds)
        for job_id in watched:
            self._read_one(job_id)
        time.sleep(_PAUSE_S)

    def _read_one(self, job_id: str) -> None:
        try:
            job = self._orchestrator.ask(
                GetJob(job_id=job_id), self._orchestrator.context(Caller.agent("streams"))
            )
        except NotFoundError:  # deleted with its collection
            with self._lock:
                self._end(job_id)
            return
        with self._lock:
            if job == self._last.get(job_id):
                return
            self._last[job_id] = job
            for feed in self._feeds.get(job_id, ()):
                feed.put(job)
            if job.state in ENDED:
                self._end(job_id)

    def _end(self, job_id: str) -> None:
        for feed in self._feeds.pop(job_id, ()):
            feed.close()
        self._last.pop(job_id, None)
