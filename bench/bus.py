"""The event bus against bare commits of two rows on the same database, and its latency while idle."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import ClassVar

from sqlalchemy import text

from src.core.agent import Agent, On, on
from src.core.bus import Delivery, Subscription
from src.core.caller import Caller
from src.core.clock import SystemClock
from src.core.consumer import Consumer, EventRoute, RetryPolicy
from src.core.context import Context, DeliveryFence
from src.core.messages.base import Event
from src.core.orchestrator import AgentOrchestrator
from src.core.relay import Relay
from src.core.signals import Signal
from src.database.engine import WRITES
from src.database.ledger import SqlLedger
from src.database.outbox import SqlOutbox
from src.database.schema import upgrade
from src.database.uow import Database
from src.services.brokers.sql import SqlBroker

from .table import Row, Table, quantiles, scratch

EVENTS = 1000
IDLE_EVENTS = 100


class Ticked(Event):
    """A tick of the benchmark."""

    topic: ClassVar[str] = "bench.ticked.v1"
    number: int


class Ticker(Agent):
    """Writes one row for each event."""

    name = "ticker"

    def __init__(self, database: Database, handled: Callable[[int], None]) -> None:
        self._database = database
        self._handled = handled

    @on(Ticked, batched=True)
    def tick(self, event: Ticked, ctx: Context) -> None:
        self._handled(event.number)
        with self._database.begin(ctx) as work:
            work.connection.execute(_EFFECT, {"body": f"tick {event.number}"})
            work.commit()


_EFFECT = text("INSERT INTO bare (body) VALUES (:body)")


@dataclass
class _Bus:
    database: Database
    relay: Relay
    consumer: Consumer
    broker: SqlBroker


def run() -> Table:
    """SQLite in the data folder, on this machine's disk, each commit on the disk when it returns."""
    with scratch() as data_dir:
        database = Database(f"sqlite:///{data_dir / 'bus.sqlite3'}", SystemClock())
        upgrade(database.engine)
        floors, pairs, published, handled, alone, together = [], [], [], [], [], []
        for _ in range(3):
            floors.append(_bare_commits(database, nullcontext()))
            pairs.append(_bare_pairs(database))
            bus, single = (
                _bus(database, lambda number: None),
                _bus(database, lambda number: None, batched=False),
            )
            published.append(_publish(bus))
            handled.append(_handle(bus))
            _publish(single)
            alone.append(_handle(single))
            together.append(_together(bus))
        latency = _idle_latency(database)
        database.close()
    floor, publish, handle = (statistics.median(rates) for rates in (floors, published, handled))
    both, pair, singly = (statistics.median(rates) for rates in (together, pairs, alone))
    floor_text = f"bare two-row commits: {floor:.0f}/s"
    p50, p95 = quantiles(latency)
    return Table(
        "Event bus",
        f"{EVENTS} events, one publisher and one subscriber, medians of 3 rounds.",
        (
            Row("events published durably", f"{publish:.0f}/s", floor_text, publish / floor, "at least 0.7"),
            Row(
                "events relayed and handled with one effect each, in batches",
                f"{handle:.0f}/s",
                floor_text,
                handle / floor,
                "at least 0.7",
            ),
            Row(
                "the same, each in its own transaction",
                f"{singly:.0f}/s",
                floor_text,
                singly / floor,
                "at least 0.7",
            ),
            Row(
                "events published durably by one thread while another relays and handles them in batches",
                f"{both:.0f}/s",
                f"two threads with bare two-row commits: {pair:.0f}/s each",
                both / pair,
                "at least 0.7",
            ),
            Row(
                "from commit to handler while idle",
                f"median {p50:.1f} ms, p95 {p95:.1f} ms",
                goal="under 20 ms",
            ),
        ),
    )


def _bare_commits(database: Database, turn: AbstractContextManager[object]) -> float:
    with database.engine.connect() as plain:
        connection = plain.execution_options(**{WRITES: True})
        with turn:
            connection.execute(text("CREATE TABLE IF NOT EXISTS bare (id INTEGER PRIMARY KEY, body TEXT)"))
            connection.commit()
        started = time.perf_counter()
        for number in range(EVENTS):
            with turn:
                for _ in range(2):
                    connection.execute(_EFFECT, {"body": f"tick {number}"})
                connection.commit()
        return EVENTS / (time.perf_counter() - started)


def _bare_pairs(database: Database) -> float:
    """Of two threads at once, which take turns as SQLite has one writer: the commits of each."""
    turn = threading.Lock()
    other = threading.Thread(target=_bare_commits, args=(database, turn))
    started = time.perf_counter()
    other.start()
    _bare_commits(database, turn)
    other.join()
    return EVENTS / (time.perf_counter() - started)


def _bus(database: Database, handled: Callable[[int], None], *, batched: bool = True) -> _Bus:
    agent = Ticker(database, handled)
    orchestrator = AgentOrchestrator([agent], [], [], SystemClock())
    broker = SqlBroker(database)
    broker.subscribe(Subscription(agent.name, frozenset({Ticked.topic})))

    def context(delivery: Delivery, fence: DeliveryFence) -> Context:
        return Context(
            caller=Caller.agent(agent.name),
            clock=database.clock,
            orchestrator=orchestrator,
            correlation_id=delivery.envelope.correlation_id,
            causation_id=delivery.envelope.id,
            fence=fence,
        )

    assert any(isinstance(d, On) for d in agent.declarations.values())
    consumer = Consumer(
        agent.name,
        {Ticked.topic: EventRoute(Ticked, agent.tick, batched=batched)},
        broker,
        SqlLedger(database),
        context,
        policy=RetryPolicy(),
        lease_s=60.0,
    )
    return _Bus(database, Relay(SqlOutbox(database, Signal()), broker), consumer, broker)


def _publish(bus: _Bus) -> float:
    started = time.perf_counter()
    for number in range(EVENTS):
        with bus.database.begin() as work:
            work.publish(Ticked(number=number))
            work.commit()
    return EVENTS / (time.perf_counter() - started)


def _handle(bus: _Bus) -> float:
    started = time.perf_counter()
    handled = 0
    while handled < EVENTS:
        bus.relay.run_once()
        handled += bus.consumer.run_once(wait_s=0.0)
    return EVENTS / (time.perf_counter() - started)


def _together(bus: _Bus) -> float:
    """From the first publish to the last handled event."""
    publisher = threading.Thread(target=_publish, args=(bus,))
    started = time.perf_counter()
    publisher.start()
    handled = 0
    while handled < EVENTS:
        bus.relay.run_once()
        handled += bus.consumer.run_once(wait_s=0.0)
    publisher.join()
    return EVENTS / (time.perf_counter() - started)


def _idle_latency(database: Database) -> list[float]:
    """One event at a time, with relay and consumer threads waiting as they do in the product."""
    arrived = threading.Event()
    at = 0.0

    def note(number: int) -> None:
        nonlocal at
        at = time.perf_counter()
        arrived.set()

    bus = _bus(database, note)
    stop = threading.Event()

    def relay() -> None:
        while not stop.is_set():
            level = database.outbox.level
            if bus.relay.run_once() == 0:
                database.outbox.wait_past(level, 0.25)

    def consume() -> None:
        while not stop.is_set():
            bus.consumer.run_once(wait_s=0.5)

    threads = [threading.Thread(target=relay), threading.Thread(target=consume)]
    for thread in threads:
        thread.start()
    times = []
    for number in range(IDLE_EVENTS):
        time.sleep(0.02)
        arrived.clear()
        with database.begin() as work:
            work.publish(Ticked(number=number))
            work.commit()
        committed = time.perf_counter()
        arrived.wait(10)
        times.append((at - committed) * 1000)
    stop.set()
    for thread in threads:
        thread.join()
    return times
