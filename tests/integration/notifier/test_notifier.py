"""Each receiver is told of each alert, in order, however long it was away."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest
from sqlalchemy import select

from src.agents.notifier import NotifierAgent
from src.core.bus import Delivery, Subscription
from src.core.caller import Caller
from src.core.consumer import Consumer, EventRoute, RetryPolicy
from src.core.context import Context, DeliveryFence
from src.core.messages.alerts import Alert, AlertCleared, AlertRaised, AlertState, Severity, WebhookDue
from src.core.orchestrator import AgentOrchestrator
from src.core.relay import Relay
from src.core.signals import Signal
from src.database.ledger import SqlLedger, replay
from src.database.models import DeadLetterRecord, DeliveryRecord
from src.database.outbox import SqlOutbox
from src.database.uow import Database
from src.services.brokers.sql import SqlBroker
from src.services.webhooks import HttpReceiver, signature
from tests.support.scripted_server import Asked, Reply, ScriptedServer, serving
from tests.support.workshop import MovableClock

SECRET = "s3cret"


@dataclass
class Post:
    """The notifier on a bus, with one receiver that is there and one that may be away."""

    database: Database
    clock: MovableClock
    here: ScriptedServer
    there: ScriptedServer
    consumer: Consumer = field(init=False)

    def __post_init__(self) -> None:
        receivers = [
            HttpReceiver(f"{one.url}/{name}", SECRET, timeout_s=5.0, clock=lambda: self.clock.seconds)
            for name, one in (("there", self.there), ("here", self.here))
        ]
        agent = NotifierAgent(self.database, receivers)
        orchestrator = AgentOrchestrator([agent], [], [], self.clock)
        broker = SqlBroker(self.database)
        due = WebhookDue.topic
        topics = frozenset({AlertRaised.topic, AlertCleared.topic, due})
        broker.subscribe(Subscription("notifier", topics, frozenset({due})))
        self._relay = Relay(SqlOutbox(self.database, Signal()), broker)

        def context(delivery: Delivery, fence: DeliveryFence) -> Context:
            plain = orchestrator.context(Caller.agent("notifier"), causation_id=delivery.envelope.id)
            return replace(plain, fence=fence)

        self.consumer = Consumer(
            "notifier",
            {
                AlertRaised.topic: EventRoute(AlertRaised, agent.raised),
                AlertCleared.topic: EventRoute(AlertCleared, agent.cleared),
                due: EventRoute(WebhookDue, agent.tell),
            },
            broker,
            SqlLedger(self.database),
            context,
            policy=RetryPolicy(attempts=2),
            lease_s=60.0,
        )

    def publish(self, *events: AlertRaised | AlertCleared) -> None:
        with self.database.begin() as work:
            for event in events:
                work.publish(event)
            work.commit()

    def work(self, *, seconds: float = 0.0) -> None:
        """Let time pass, and handle all that is due then."""
        self.clock.seconds += seconds
        for _ in range(20):
            moved = self._relay.run_once()
            if not self.consumer.run_once(wait_s=0.0) and not moved:
                return

    def letters(self) -> list[DeadLetterRecord]:
        with self.database.read() as work:
            return list(work.session.scalars(select(DeadLetterRecord)))

    def waiting(self) -> int:
        with self.database.read() as work:
            return len(work.session.scalars(select(DeliveryRecord)).all())


class Away:
    """Answers 503 until it is back."""

    back = False

    def __call__(self, asked: Asked) -> Reply:
        return Reply(status=204 if self.back else 503, chunked=False)


@pytest.fixture
def away() -> Away:
    return Away()


@pytest.fixture
def post(database_url: str, away: Away) -> Iterator[Post]:
    clock = MovableClock()
    database = Database(database_url, clock)
    with serving([Reply(status=200, chunked=False)]) as here, serving(away) as there:
        yield Post(database, clock, here, there)
    database.close()


def alert(post: Post, name: str, state: AlertState = AlertState.RAISED) -> Alert:
    now = post.clock.now()
    return Alert(
        id=name,
        rule="low_disk",
        subject="",
        severity=Severity.CRITICAL,
        state=state,
        value=1.0,
        threshold=2.0,
        detail=f"This is {name}.",
        since=now,
        raised_at=now,
        cleared_at=now if state is AlertState.CLEARED else None,
    )


def told(server: ScriptedServer) -> list[tuple[str, str]]:
    return [(one.body["type"], one.body["alert"]["id"]) for one in server.asked]


def test_a_receiver_that_is_away_keeps_nobody_waiting_and_is_told_all_in_order_later(
    post: Post, away: Away
) -> None:
    post.publish(
        AlertRaised(alert=alert(post, "a")), AlertCleared(alert=alert(post, "a", AlertState.CLEARED))
    )
    post.publish(AlertRaised(alert=alert(post, "b")))
    post.work()
    everything = [("alert.raised", "a"), ("alert.cleared", "a"), ("alert.raised", "b")]
    assert told(post.here) == everything
    assert told(post.there) == everything[:1], "what follows waits behind what was not taken"
    for _ in range(30):
        post.work(seconds=1800)
    attempts = len(post.there.asked)
    assert 20 < attempts <= 31, "it is tried at most every quarter of an hour after a while"
    assert len(post.here.asked) == 3
    away.back = True
    post.work(seconds=1800)
    assert told(post.there)[attempts:] == everything
    assert (post.waiting(), post.letters()) == (0, [])


def test_attempts_grow_apart_from_seconds_on(post: Post) -> None:
    post.publish(AlertRaised(alert=alert(post, "a")))
    post.work()
    post.work(seconds=4)
    assert len(post.there.asked) == 1
    post.work(seconds=1.1)
    assert len(post.there.asked) == 2
    post.work(seconds=100)
    assert len(post.there.asked) == 3
    post.work(seconds=40)
    assert len(post.there.asked) == 3


def test_each_attempt_carries_the_same_delivery_and_a_signature_of_its_own_time(post: Post) -> None:
    post.publish(AlertRaised(alert=alert(post, "a")))
    post.work()
    post.work(seconds=10)
    first, second = post.there.asked
    assert first.body == second.body
    assert first.headers["Stoa-Delivery"] == second.headers["Stoa-Delivery"] == first.body["id"]
    assert first.headers["Stoa-Delivery"] != post.here.asked[0].headers["Stoa-Delivery"]
    body = json.dumps(second.body, ensure_ascii=False).encode()
    assert second.headers["Stoa-Signature"] == signature(SECRET, int(post.clock.seconds), body)


def test_what_could_not_be_told_for_three_days_is_a_dead_letter_that_can_be_replayed(
    post: Post, away: Away, caplog: pytest.LogCaptureFixture
) -> None:
    post.publish(AlertRaised(alert=alert(post, "a")))
    for _ in range(4):
        post.work(seconds=86_400 + 60)
    post.work(seconds=60)
    post.work(seconds=60)
    (letter,) = post.letters()
    assert letter.cause == "WebhookError: 127.0.0.1 answered 503."
    assert post.waiting() == 0
    away.back = True
    count = len(post.there.asked)
    with post.database.begin() as work:
        replay(work, work.dead_letters.get(letter.id))
        work.commit()
    post.work()
    assert len(post.there.asked) == count + 1
    assert post.waiting() == 0
    assert "/there" not in caplog.text
    assert SECRET not in caplog.text
