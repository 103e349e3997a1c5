"""A bus with one agent on it, driven step by step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import select

from src.core.bus import Delivery, Subscription
from src.core.caller import Caller
from src.core.clock import SystemClock
from src.core.consumer import Consumer, EventRoute, RetryPolicy
from src.core.context import Context, DeliveryFence
from src.core.orchestrator import AgentOrchestrator
from src.core.relay import Relay
from src.core.signals import Signal
from src.database.ledger import SqlLedger
from src.database.models import DeadLetterRecord
from src.database.outbox import SqlOutbox
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
    batched: bool = False
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

    def another_consumer(
        self, orchestrator: AgentOrchestrator | None = None, ledger: SqlLedger | None = None
    ) -> Consumer:
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
            {ThingHappened.topic: EventRoute(ThingHappened, self.agent.note, self.batched)},
            self.broker,
            ledger or SqlLedger(self.database),
            context,
            policy=RetryPolicy(attempts=self.attempts, base_s=0.001, cap_s=0.002),
            lease_s=self.lease_s,
            batch_s=20.0,
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
