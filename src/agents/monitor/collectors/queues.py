"""What waits, for how long, and leases that ran out."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, select

from src.agents.monitor.measuring import Family, Look, Sample
from src.core.agent import Every, On
from src.core.bus import Broker
from src.core.jobs import JobState
from src.database.models import JobRecord, LeaseRecord


class QueueCollector:
    """Events and jobs that wait, jobs that nobody holds, and periodic work that nobody does."""

    name = "queues"
    seconds = 15.0
    families = (
        Family("stoa_queue_age_seconds", "gauge", "How long the oldest event of an agent has waited."),
        Family("stoa_jobs", "gauge", "Jobs by kind and state."),
        Family("stoa_job_wait_seconds", "gauge", "How long the oldest job of a kind has been due."),
        Family("stoa_jobs_stuck", "gauge", "Jobs that should move and do not."),
        Family("stoa_job_lease_overdue_seconds", "gauge", "How long ago the lease of a running job ended."),
        Family("stoa_chore_lease_age_seconds", "gauge", "How long ago the lease of periodic work ended."),
        Family("stoa_dead_letters", "gauge", "Events that a group gave up."),
    )

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def collect(self, look: Look) -> Iterator[Sample]:
        for agent in look.agents:
            if any(isinstance(one, On) for one in agent.declarations.values()):
                age = self._broker.backlog(agent.name).oldest_age_s or 0.0
                yield Sample("stoa_queue_age_seconds", age, {"agent": agent.name})
        with look.database.read() as work:
            counts, stuck = work.jobs.counts(), work.jobs.stuck()
            waiting, letters = work.jobs.waiting(), work.dead_letters.counts()
            expired = work.session.scalar(
                select(func.min(JobRecord.lease_until)).where(JobRecord.state == JobState.RUNNING)
            )
            chores = work.session.execute(select(LeaseRecord.name, LeaseRecord.until)).all()
        for (kind, state), count in sorted(counts.items()):
            yield Sample("stoa_jobs", count, {"kind": kind, "state": state})
        for kind, (_, oldest) in sorted(waiting.items()):
            age = max(0.0, (look.now - oldest).total_seconds())
            yield Sample("stoa_job_wait_seconds", age, {"kind": kind})
        yield Sample("stoa_jobs_stuck", sum(stuck.values()))
        overdue = (look.now - expired).total_seconds() if expired else 0.0
        yield Sample("stoa_job_lease_overdue_seconds", max(0.0, overdue))
        ours = {
            f"{one.name}.{at}"
            for one in look.agents
            for at, d in one.declarations.items()
            if isinstance(d, Every)
        }
        for name, until in chores:
            if name in ours:  # the lease of work that an earlier version did stays behind
                age = max(0.0, (look.now - until).total_seconds())
                yield Sample("stoa_chore_lease_age_seconds", age, {"chore": name})
        for agent in look.agents:
            yield Sample("stoa_dead_letters", letters.get(agent.name, 0), {"group": agent.name})
