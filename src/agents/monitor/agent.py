"""The agent status console: states, backlogs, events, dead letters, health, figures, alerts and errors."""

from __future__ import annotations

from datetime import timedelta

from src.core.agent import Agent, every, handles
from src.core.context import Context
from src.core.errors import NotFoundError
from src.core.messages import Page
from src.core.messages.alerts import Alert, ErrorPattern, ListAlerts, ListErrors
from src.core.messages.console import (
    ActivityRecord,
    AgentStatus,
    AgentSteered,
    Capability,
    CheckHealth,
    DeadLetter,
    DiscardDeadLetter,
    EventPage,
    Health,
    ListActivities,
    ListAgents,
    ListCapabilities,
    ListDeadLetters,
    ListEvents,
    Metrics,
    ReadMetrics,
    ReplayDeadLetter,
    SteerAgent,
    Steering,
)
from src.core.messages.jobs import JobStuck
from src.core.orchestrator import Route
from src.core.steering import Steering as SteeringSwitch
from src.database.ledger import replay
from src.database.models import DeadLetterRecord
from src.database.uow import Database

from .agents import AgentBoard, in_short
from .alarms import alert_view
from .errors import ErrorLog
from .health import HealthBoard
from .listing import page_of
from .metrics import MetricsReader
from .retention import prune
from .watch import Watch

WATCH_S = 10.0
ERRORS_S = 30.0


class MonitorAgent(Agent):
    """Shows what the agents do and steers them, measures quality and machinery, raises alerts, groups what
    fails, and tidies old records."""

    name = "monitor"

    def __init__(
        self,
        database: Database,
        board: AgentBoard,
        health: HealthBoard,
        metrics: MetricsReader,
        steering: SteeringSwitch,
        watch: Watch,
        errors: ErrorLog,
        *,
        job_stuck_s: float,
        retention_days: int,
    ) -> None:
        self._database = database
        self._board = board
        self._health = health
        self._metrics = metrics
        self._steering = steering
        self._watch = watch
        self._errors = errors
        self._job_stuck_s = job_stuck_s
        self._retention_days = retention_days

    @handles(ListCapabilities)
    def list_capabilities(self, request: ListCapabilities, ctx: Context) -> Page[Capability]:
        return Page[Capability](items=tuple(_capability(route) for route in ctx.orchestrator.routes))

    @handles(ListAgents)
    def list_agents(self, request: ListAgents, ctx: Context) -> Page[AgentStatus]:
        statuses = self._board.statuses(ctx.orchestrator.agents)
        if not ctx.caller.administers:
            statuses = tuple(map(in_short, statuses))
        return Page[AgentStatus](items=statuses)

    @handles(SteerAgent)
    def steer_agent(self, request: SteerAgent, ctx: Context) -> AgentStatus:
        agents = {agent.name: agent for agent in ctx.orchestrator.agents}
        if request.name not in agents:
            raise NotFoundError(f"There is no agent {request.name}.")
        told = {Steering.PAUSE: "paused", Steering.RESUME: "running", Steering.DRAIN: "draining"}
        with self._database.begin(ctx) as work:
            work.agents.get(request.name).steering = told[request.steering]
            work.publish(AgentSteered(name=request.name, steering=request.steering, by=ctx.caller.username))
            work.commit()
        self._steering.refresh()
        return self._board.statuses([agents[request.name]])[0]

    @handles(ListEvents)
    def list_events(self, request: ListEvents, ctx: Context) -> EventPage:
        with self._database.read() as work:
            return page_of(work, request)

    @handles(ListDeadLetters)
    def list_dead_letters(self, request: ListDeadLetters, ctx: Context) -> Page[DeadLetter]:
        with self._database.read() as work:
            records, cursor = work.dead_letters.page(
                group=request.group, limit=request.limit, cursor=request.cursor
            )
            return Page[DeadLetter](items=tuple(_dead_letter(record) for record in records), next=cursor)

    @handles(ReplayDeadLetter)
    def replay_dead_letter(self, request: ReplayDeadLetter, ctx: Context) -> DeadLetter:
        with self._database.begin(ctx) as work:
            record = work.dead_letters.get(request.dead_letter_id)
            replay(work, record)
            work.commit()
            return _dead_letter(record)

    @handles(DiscardDeadLetter)
    def discard_dead_letter(self, request: DiscardDeadLetter, ctx: Context) -> None:
        with self._database.begin(ctx) as work:
            record = work.dead_letters.get(request.dead_letter_id)
            record.settled_at = record.settled_at or work.now()
            work.commit()

    @handles(ListActivities)
    def list_activities(self, request: ListActivities, ctx: Context) -> Page[ActivityRecord]:
        with self._database.read() as work:
            records, cursor = work.activities.page(
                agent=request.agent,
                correlation_id=request.correlation_id,
                limit=request.limit,
                cursor=request.cursor,
            )
            items = tuple(
                ActivityRecord(
                    id=record.id,
                    capability=record.capability,
                    agent=record.agent,
                    caller=record.caller,
                    at=record.at,
                    duration_ms=record.duration_ms,
                    outcome=record.outcome,
                    correlation_id=record.correlation_id,
                )
                for record in records
            )
            return Page[ActivityRecord](items=items, next=cursor)

    @handles(CheckHealth)
    def check_health(self, request: CheckHealth, ctx: Context) -> Health:
        return self._health.check()

    @handles(ReadMetrics)
    def read_metrics(self, request: ReadMetrics, ctx: Context) -> Metrics:
        return self._metrics.read(ctx.orchestrator.agents)

    @handles(ListAlerts)
    def list_alerts(self, request: ListAlerts, ctx: Context) -> Page[Alert]:
        state = request.state.value if request.state else None
        with self._database.read() as work:
            records, cursor = work.alerts.page(state=state, limit=request.limit, cursor=request.cursor)
            return Page[Alert](items=tuple(alert_view(record) for record in records), next=cursor)

    @handles(ListErrors)
    def list_errors(self, request: ListErrors, ctx: Context) -> Page[ErrorPattern]:
        return self._errors.list(request, ctx.clock.now())

    @every(WATCH_S)
    def measure(self, ctx: Context) -> None:
        """Run the collectors that are due, and raise and clear alerts."""
        self._watch.run(ctx)

    @every(ERRORS_S)
    def gather_errors(self, ctx: Context) -> None:
        """Take what has failed since the last time into the patterns."""
        self._errors.gather(ctx.clock.now())

    @every(WATCH_S)
    def watch_jobs(self, ctx: Context) -> None:
        """Flag the jobs that should move and do not, once each."""
        since = ctx.clock.now() - timedelta(seconds=self._job_stuck_s)
        with self._database.begin(ctx) as work:
            for job in work.jobs.motionless(since):
                if job.stuck_since is None:
                    job.stuck_since = work.now()
                    work.publish(
                        JobStuck(job_id=job.id, kind=job.kind),
                        correlation_id=job.correlation_id,
                        causation_id=job.id,
                    )
            work.commit()

    @every(3600.0)
    def tidy(self, ctx: Context) -> None:
        """Remove what is older than the retention time."""
        prune(self._database, ctx.clock.now() - timedelta(days=self._retention_days))


def _capability(route: Route) -> Capability:
    return Capability(
        name=route.capability,
        agent=route.agent.name,
        summary=" ".join((route.request.__doc__ or "").split()),
        request_schema=route.request.model_json_schema(),
        permission=route.request.access.level.value,
    )


def _dead_letter(record: DeadLetterRecord) -> DeadLetter:
    return DeadLetter(
        id=record.id,
        event_id=record.event_id,
        group=record.group,
        topic=record.topic,
        payload=record.envelope["payload"],
        cause=record.cause,
        trace=record.trace,
        attempts=record.attempts,
        correlation_id=record.envelope["correlation_id"],
        at=record.at,
        replayed_at=record.replayed_at,
    )
