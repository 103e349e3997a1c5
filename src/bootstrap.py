"""The composition root: settings in, a wired application out. ``wiring`` names the agents, ``adapters`` the
adapters."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from src.adapters import Adapters
from src.agents.accounts.agent import ensure_admin
from src.agents.accounts.passwords import Passwords
from src.core.agent import Agent, On, Runs
from src.core.bus import Delivery, Subscription
from src.core.caller import Caller
from src.core.chores import ChoreRunner, chores_of
from src.core.clock import Clock, SystemClock
from src.core.consumer import Consumer, EventRoute, RetryPolicy
from src.core.context import Context, DeliveryFence, JobFence
from src.core.errors import ConfigurationError
from src.core.eventlog import EventLog
from src.core.jobs import ClaimedJob, JobRoute, JobRunner
from src.core.messages import catalogue
from src.core.middleware import CheckPermission, RecordActivity, SetDeadline
from src.core.orchestrator import AgentOrchestrator
from src.core.relay import Relay
from src.core.settings import Settings
from src.core.signals import Signal
from src.core.steering import Steering
from src.core.tally import Tally
from src.core.worker import Worker
from src.database.grants import SqlGrants
from src.database.jobstore import SqlJobStore
from src.database.journal import SqlActivityLog, SqlAgentJournal, SqlLeases
from src.database.ledger import SqlLedger
from src.database.outbox import SqlEventLog, SqlOutbox
from src.database.schema import upgrade
from src.database.uow import Database
from src.upkeep import make_sample, queue_recutting, queue_repair
from src.wiring import make_agents

JOB_THREADS = 2
CHORE_THREADS = 3
"""So that two slow chores at once hold up no other."""
DRAIN_S = 8.0


@dataclass(frozen=True)
class Signals:
    """Raised when there is news: in the event log, or of a job's progress (in this process)."""

    events: Signal = field(default_factory=Signal)
    jobs: Signal = field(default_factory=Signal)


@dataclass(frozen=True)
class Application:
    """Everything that the faces need. Closing it ends what it started."""

    settings: Settings
    orchestrator: AgentOrchestrator
    clock: Clock
    event_log: EventLog
    signals: Signals
    secret_key: bytes
    database: Database = field(repr=False)
    adapters: Adapters = field(repr=False)
    _worker: Worker = field(repr=False)
    _resources: ExitStack = field(repr=False)

    def prepare(self) -> None:
        """Queue what a long-running process owes at its start: the sample collection of a new data
        folder, documents that were cut otherwise than is configured, and a repair of the indexes."""
        if self.settings.sample:
            make_sample(self.database, self.orchestrator)
        queue_recutting(self.database, self.adapters.parser.version)
        queue_repair(self.database)

    def start(self, *, worker: bool = True) -> None:
        """Start the background threads; ``worker`` also takes events, jobs and periodic work here."""
        if worker and self.settings.chroma_url is None:
            # An embedded vector store is open in this process alone: whoever else held a lease is dead.
            SqlJobStore(self.database, self.signals.jobs).end_leases()
            self.adapters.broker.end_leases()
        self._worker.start(background=worker)

    def drain(self, timeout_s: float = DRAIN_S) -> bool:
        """Take no more work and wait for what was begun; True where all of it ended in time."""
        return self._worker.drain(timeout_s)

    def close(self) -> None:
        """Release files, connections and child processes."""
        self._resources.close()


def build(
    settings: Settings,
    *,
    clock: Clock | None = None,
    adapters: Callable[[Settings, Database, bytes], Adapters] | None = None,
    passwords: Passwords | None = None,
    show_password: Callable[[str], None] | None = None,
) -> Application:
    """Wire an application: data folder, migrations, adapters, agents, orchestrator and worker.

    ``show_password`` gets the first administrator's generated password as soon as the account exists, as
    what follows may fail and nothing can tell it later.

    Raises ConfigurationError where the settings or the machine do not allow it.
    """
    clock = clock or SystemClock()
    passwords = passwords or Passwords()
    prepare_folder(settings.data_dir)
    with ExitStack() as resources:
        secret = _secret(settings)
        database = open_database(settings, clock)
        resources.callback(database.close)
        first_password = ensure_admin(
            database,
            passwords,
            settings.admin_password.get_secret_value() if settings.admin_password else None,
        )
        if first_password is not None and show_password is not None:
            show_password(first_password)
        out = (adapters or Adapters.from_settings)(settings, database, secret)
        resources.callback(out.close)
        out.embedders.note_current()
        signals = Signals()
        journal = SqlAgentJournal(database)
        tally = Tally(journal)
        steering = Steering(journal.steering, clock)
        grants = SqlGrants(database)
        agents = make_agents(settings, database, out, passwords, secret, steering, tally)
        journal.register([agent.name for agent in agents])
        orchestrator = AgentOrchestrator(
            agents,
            catalogue.requests(),
            [
                RecordActivity(SqlActivityLog(database), tally),
                CheckPermission(grants),
                SetDeadline(settings.request_deadline_s),
            ],
            clock,
        )
        worker = _make_worker(settings, database, out, orchestrator, signals, steering, tally)
        return Application(
            settings=settings,
            orchestrator=orchestrator,
            clock=clock,
            event_log=SqlEventLog(database),
            signals=signals,
            secret_key=secret,
            database=database,
            adapters=out,
            _worker=worker,
            _resources=resources.pop_all(),
        )


def prepare_folder(folder: Path) -> None:
    """Make the data folder, for its owner's eyes only; raises ConfigurationError where it cannot be
    written."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe = folder / f".write-test-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ConfigurationError(
            f"The data folder {folder} cannot be written ({error.strerror}); "
            "make it writable or name another one in STOA_DATA_DIR."
        ) from error


def open_database(settings: Settings, clock: Clock) -> Database:
    """Connect and bring the schema up to date."""
    database = Database(settings.database, clock)
    upgrade(database.engine)
    return database


def _secret(settings: Settings) -> bytes:
    from src.services.secrets import load_or_create_secret

    return load_or_create_secret(settings.data_dir / "secret.key")


def _make_worker(
    settings: Settings,
    database: Database,
    out: Adapters,
    orchestrator: AgentOrchestrator,
    signals: Signals,
    steering: Steering,
    tally: Tally,
) -> Worker:
    clock, agents = database.clock, orchestrator.agents
    policy = RetryPolicy(attempts=settings.delivery_attempts)
    ledger = SqlLedger(database)

    def of_agent(name: str) -> Context:
        return orchestrator.context(Caller.agent(name))

    def of_delivery(delivery: Delivery, fence: DeliveryFence) -> Context:
        envelope = delivery.envelope
        return _fenced(orchestrator, delivery.group, envelope.correlation_id, envelope.id, fence)

    def of_job(job: ClaimedJob, fence: JobFence) -> Context:
        return _fenced(orchestrator, owners[job.kind], job.correlation_id, job.id, fence)

    consumers = []
    for agent in agents:
        routes = _event_routes(agent, tally)
        if routes:
            ordered = {d.event.topic for d in agent.declarations.values() if isinstance(d, On) and d.ordered}
            out.broker.subscribe(Subscription(agent.name, frozenset(routes), frozenset(ordered)))
            consumers.append(
                Consumer(
                    agent.name,
                    routes,
                    out.broker,
                    ledger,
                    of_delivery,
                    policy=policy,
                    lease_s=settings.delivery_lease_s,
                )
            )
    jobs = _job_routes(agents)
    owners = {kind: route.agent for kind, route in jobs.items()}
    runner = JobRunner(
        jobs,
        SqlJobStore(database, signals.jobs),
        of_job,
        interrupted=lambda agent: worker.stopping or steering.interrupts(agent),
        attempts=settings.job_attempts,
        lease_s=settings.job_lease_s,
        ended=tally.note,
    )
    worker = Worker(
        relay=Relay(SqlOutbox(database, signals.events), out.broker),
        broker=out.broker,
        consumers=consumers,
        runner=runner,
        job_kinds=owners,
        chores=ChoreRunner(
            chores_of(agents), SqlLeases(database), of_agent, steering=steering, tally=tally, clock=clock
        ),
        steering=steering,
        tally=tally,
        outbox=database.outbox,
        jobs=database.jobs,
        clock=clock,
        job_threads=JOB_THREADS,
        chore_threads=CHORE_THREADS,
    )
    return worker


def _fenced(
    orchestrator: AgentOrchestrator,
    agent: str,
    correlation_id: str,
    causation_id: str,
    fence: DeliveryFence | JobFence,
) -> Context:
    plain = orchestrator.context(
        Caller.agent(agent), correlation_id=correlation_id, causation_id=causation_id
    )
    return replace(plain, fence=fence)


def _event_routes(agent: Agent, tally: Tally) -> dict[str, EventRoute]:
    routes = {}
    for attribute, declaration in agent.declarations.items():
        if isinstance(declaration, On):
            handler = tally.counted(agent.name, declaration.event.topic, getattr(agent, attribute))
            routes[declaration.event.topic] = EventRoute(
                declaration.event, handler, batched=declaration.batched
            )
    return routes


def _job_routes(agents: tuple[Agent, ...]) -> dict[str, JobRoute]:
    routes: dict[str, JobRoute] = {}
    for agent in agents:
        for attribute, declaration in agent.declarations.items():
            if isinstance(declaration, Runs):
                routes[declaration.job.kind] = JobRoute(
                    agent.name, declaration.job, getattr(agent, attribute)
                )
    return routes
