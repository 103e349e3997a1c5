"""The status of each agent, put together from steering, counters, queues and jobs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from src.core.agent import Agent, Handles, On, Runs
from src.core.bus import Broker
from src.core.jobs import JobState
from src.core.messages.console import AgentState, AgentStatus
from src.core.tally import Tally
from src.database.models import AgentRecord, JobRecord
from src.database.uow import Database


class AgentBoard:
    """Reads the state of agents over all processes; ``current`` work is that of jobs and of this process."""

    def __init__(self, database: Database, broker: Broker, tally: Tally) -> None:
        self._database = database
        self._broker = broker
        self._tally = tally

    def statuses(self, agents: Sequence[Agent]) -> tuple[AgentStatus, ...]:
        self._tally.flush()
        with self._database.read() as work:
            records = work.agents.all()
            waiting, stuck = work.jobs.waiting(), work.jobs.stuck()
            buried = work.dead_letters.counts()
            running = [
                (job.kind, job.id, job.stage)
                for job in work.session.scalars(select(JobRecord).where(JobRecord.state == JobState.RUNNING))
            ]
        now = self._database.clock.now()
        return tuple(
            self._status(agent, records.get(agent.name), waiting, stuck, buried, running, now)
            for agent in agents
        )

    def _status(
        self,
        agent: Agent,
        record: AgentRecord | None,
        waiting: dict[str, tuple[int, datetime]],
        stuck: dict[str, int],
        buried: dict[str, int],
        running: list[tuple[str, str, str | None]],
        now: datetime,
    ) -> AgentStatus:
        kinds = {d.job.kind for d in agent.declarations.values() if isinstance(d, Runs)}
        events = self._broker.backlog(agent.name)
        ages = [(now - waiting[kind][1]).total_seconds() for kind in kinds if kind in waiting]
        if events.oldest_age_s is not None:
            ages.append(events.oldest_age_s)
        jobs = tuple(f"{kind} {key}: {stage or 'starting'}" for kind, key, stage in running if kind in kinds)
        current = jobs + self._tally.current(agent.name)
        return AgentStatus(
            name=agent.name,
            summary=agent.summary,
            state=_state(record.steering if record else "running", busy=bool(current)),
            current=current,
            last_error=record.last_error if record else None,
            last_error_at=record.last_error_at if record else None,
            handled=record.handled if record else 0,
            failed=record.failed if record else 0,
            backlog=events.waiting + sum(waiting[kind][0] for kind in kinds if kind in waiting),
            oldest_age_s=max(*ages, 0.0) if ages else None,
            stuck_jobs=sum(stuck.get(kind, 0) for kind in kinds),
            dead_letters=buried.get(agent.name, 0),
            capabilities=tuple(
                sorted(d.request.capability for d in agent.declarations.values() if isinstance(d, Handles))
            ),
            subscriptions=tuple(
                sorted(d.event.topic for d in agent.declarations.values() if isinstance(d, On))
            ),
        )


def _state(steering: str, *, busy: bool) -> AgentState:
    if steering == "draining":
        return AgentState.DRAINING if busy else AgentState.DRAINED
    return AgentState(steering)


def in_short(status: AgentStatus) -> AgentStatus:
    """For all but administrators: the sentence of a failure may name what is in a private collection."""
    code = status.last_error.partition(":")[0] if status.last_error else None
    return status.model_copy(update={"last_error": code})
