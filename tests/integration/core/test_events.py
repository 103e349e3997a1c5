"""From a commit to a handler's effects, on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from sqlalchemy import select

from src.core.bus import Delivery, Subscription
from src.core.caller import Caller
from src.core.clock import SystemClock
from src.core.consumer import Consumer, EventRoute, RetryPolicy
from src.core.context import Context, DeliveryFence
from src.core.errors import RetryLater
from src.core.orchestrator import AgentOrchestrator
from src.core.relay import Relay
from src.core.signals import Signal
from src.database.ledger import SqlLedger, replay
from src.database.models import DeadLetterRecord, InboxRecord
from src.database.outbox import SqlEventLog, SqlOutbox
from src.database.uow import Database
from src.services.brokers.sql import SqlBroker
from tests.support.thing import ThingAgent, ThingHappened


@dataclass
class Bench:
    """A bus with one agent on it."""

    database: Database
    before: Callable[[ThingHappened, Context], None] = lambda event, ctx: None
    attempts: int = 3
    lease_s: float = 30.0
    broker: SqlBroker = field(init=False)
    relay: Relay = field(init=False)
    consumer: Consumer = field(init=False)

    def __post_init__(self) -> None:
        self.broker = SqlBroker(self.database)
        topic = ThingHappened.topic
        self.broker.subscribe(Subscription("things", frozenset({topic}), frozenset({topic})))
        self.relay = Relay(SqlOutbox(self.database, Signal()), self.broker)
        # Tests set another `before` later: it is looked up at every event.
        self.agent = ThingAgent(self.database, lambda event, ctx: self.before(event, ctx))  # noqa: PLW0108
        orchestrator = AgentOrchestrator([self.agent], [], [], SystemClock())
        self.consumer = self.another_consumer(orchestrator)

    def another_consumer(self, orchestrator: AgentOrchestrator | None = None) -> Consumer:
        orchestrator = orchestrator or AgentOrchestrator([self.agent], [], [], SystemClock())

        def context(delivery: Delivery, fence: DeliveryFence) -> Context:
            from dataclasses import replace

            plain = orchestrator.context(
                Caller.agent("things"),
                correlation_id=delivery.envelope.correlation_id,
                causation_id=delivery.envelope.id,
            )
            return replace(plain, fence=fence)

        return Consumer(
            "things",
            {ThingHappened.topic: EventRoute(ThingHappened, self.agent.note)},
            self.broker,
            SqlLedger(self.database),
            context,
            policy=RetryPolicy(attempts=self.attempts, base_s=0.001, cap_s=0.002),
            lease_s=self.lease_s,
        )

    def publish(self, *numbers: int, thing: str = "kettle") -> None:
        with self.database.begin() as work:
            for number in numbers:
                work.publish(ThingHappened(thing=thing, number=number))
            work.commit()

    def settle(self) -> None:
        """Relay and handle until nothing is left."""
        for _ in range(200):
            moved = self.relay.run_once() + self.consumer.run_once(wait_s=0.02)
            if not moved and self.broker.backlog("things").waiting == 0:
                return
        raise AssertionError("the bus does not come to rest")

    def noted(self, thing: str = "kettle") -> str | None:
        with self.database.read() as work:
            return work.facts.value(thing)

    def letters(self) -> list[DeadLetterRecord]:
        with self.database.read() as work:
            found = list(work.session.scalars(select(DeadLetterRecord)))
            work.session.expunge_all()
            return found


@pytest.fixture
def bench(database: Database) -> Bench:
    return Bench(database)


def test_an_event_of_a_rolled_back_change_is_never_delivered(bench: Bench) -> None:
    with bench.database.begin() as work:
        work.publish(ThingHappened(thing="kettle", number=1))
    bench.settle()
    assert bench.noted() is None


def test_an_event_is_handled_once_however_often_it_is_delivered(bench: Bench) -> None:
    bench.publish(1)
    outbox = SqlOutbox(bench.database, Signal())
    (envelope,) = outbox.unsent(10)
    bench.settle()
    for _ in range(3):
        bench.broker.publish([envelope])
        bench.settle()
    assert bench.noted() == "1,"


def test_two_holders_of_one_event_apply_its_effects_once(bench: Bench) -> None:
    """The lease of the first runs out while it works; the second commits; the first must roll back."""
    bench.lease_s = 0.2
    bench.consumer = bench.another_consumer()
    second = bench.another_consumer()
    entered, go_on = threading.Event(), threading.Event()

    def hold_the_first(event: ThingHappened, ctx: Context) -> None:
        if not entered.is_set():
            entered.set()
            assert go_on.wait(20)

    bench.before = hold_the_first
    bench.publish(1)
    bench.relay.run_once()
    slow = threading.Thread(target=lambda: bench.consumer.run_once(wait_s=1.0))
    slow.start()
    assert entered.wait(20)
    while second.run_once(wait_s=0.1) == 0:
        pass
    go_on.set()
    slow.join(20)
    assert bench.noted() == "1,"


def test_a_poisoned_event_is_buried_after_its_attempts_and_does_not_hold_up_others(bench: Bench) -> None:
    attempts: list[int] = []

    def refuse_thirteen(event: ThingHappened, ctx: Context) -> None:
        if event.number == 13:
            attempts.append(event.number)
            raise ValueError("unlucky")

    bench.before = refuse_thirteen
    bench.publish(1, 13, 2)
    bench.publish(5, thing="pot")
    bench.settle()
    assert len(attempts) == 3
    assert bench.noted("pot") == "5,"
    assert bench.noted() == "1,2,"
    (letter,) = bench.letters()
    assert letter.cause == "ValueError: unlucky"
    assert "refuse_thirteen" in letter.trace
    assert letter.attempts == 3


def test_a_replayed_dead_letter_is_handled_by_its_group(bench: Bench) -> None:
    broken = True

    def refuse_while_broken(event: ThingHappened, ctx: Context) -> None:
        if broken:
            raise ValueError("broken")

    bench.before = refuse_while_broken
    bench.publish(7)
    bench.settle()
    broken = False
    (letter,) = bench.letters()
    with bench.database.begin() as work:
        replay(work, work.dead_letters.get(letter.id))
        work.commit()
    bench.settle()
    assert bench.noted() == "7,"
    assert bench.letters()[0].replayed_at is not None
    assert SqlEventLog(bench.database).last_position() == 1


def test_a_payload_that_does_not_fit_the_event_is_buried_at_once(bench: Bench) -> None:
    bench.publish(1)
    (envelope,) = SqlOutbox(bench.database, Signal()).unsent(10)
    bench.broker.publish([envelope.model_copy(update={"payload": {"thing": "kettle"}})])
    bench.settle()
    (letter,) = bench.letters()
    assert letter.attempts == 1
    assert "number" in letter.cause


def test_asking_for_another_attempt_is_not_a_failure(bench: Bench) -> None:
    asked = 0

    def not_yet(event: ThingHappened, ctx: Context) -> None:
        nonlocal asked
        asked += 1
        if asked < 6:
            raise RetryLater(0.001)

    bench.before = not_yet
    bench.publish(1)
    bench.settle()
    assert bench.noted() == "1,"
    assert bench.letters() == []


def test_the_events_of_one_key_are_handled_in_order_through_failures(bench: Bench) -> None:
    failed: set[int] = set()

    def fail_each_once(event: ThingHappened, ctx: Context) -> None:
        if event.number % 3 == 0 and event.number not in failed:
            failed.add(event.number)
            raise ValueError("once")

    bench.before = fail_each_once
    bench.publish(*range(10))
    bench.settle()
    assert bench.noted() == "".join(f"{n}," for n in range(10))


def test_positions_in_the_log_follow_the_order_of_commits(bench: Bench) -> None:
    for number in range(5):
        bench.publish(number)
        bench.relay.run_once()
    events = SqlEventLog(bench.database).after(2)
    assert [event.position for event in events] == [3, 4, 5]
    assert [event.payload["number"] for event in events] == [2, 3, 4]


def test_what_a_handler_sets_off_carries_its_correlation_and_cause(bench: Bench) -> None:
    seen: list[Context] = []
    bench.before = lambda event, ctx: seen.append(ctx)
    bench.publish(1)
    (envelope,) = SqlOutbox(bench.database, Signal()).unsent(1)
    bench.settle()
    assert (seen[0].correlation_id, seen[0].causation_id) == (envelope.correlation_id, envelope.id)


def test_the_inbox_row_is_in_the_commit_of_the_effects(bench: Bench) -> None:
    bench.publish(1)
    bench.settle()
    with bench.database.read() as work:
        rows = work.session.scalars(select(InboxRecord)).all()
    assert [row.group for row in rows] == ["things"]
