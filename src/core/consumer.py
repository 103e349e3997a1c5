"""The delivery policy, the same for every backend: deduplicate, retry with back-off, bury."""

from __future__ import annotations

import logging
import random
import time
import traceback
from collections import deque
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Protocol

from pydantic import ValidationError

from .bus import Broker, Delivery
from .context import Context, DeliveryFence
from .errors import RetryLater
from .messages.base import Event
from .trace import correlated

log = logging.getLogger("stoa.events")

Handler = Callable[[Any, Context], None]

BATCH_S = 0.05
"""How long a batch goes on taking deliveries: other writers wait meanwhile where there is one writer."""


@dataclass(frozen=True)
class RetryPolicy:
    """Exponential back-off with full jitter ("Exponential Backoff And Jitter", M. Brooker, 2015)."""

    attempts: int = 5
    base_s: float = 0.5
    cap_s: float = 60.0

    def delay_s(self, attempt: int) -> float:
        """A random delay before the attempt after ``attempt`` (which counts from 1)."""
        ceiling = min(self.cap_s, self.base_s * 2 ** (attempt - 1))
        return random.uniform(ceiling / 2, ceiling)  # noqa: S311 - jitter, not a secret


@dataclass(frozen=True)
class Burial:
    """Why a delivery is given up."""

    delivery: Delivery
    cause: str
    trace: str


class Batch(Protocol):
    """One transaction that holds the effects of several deliveries and the record that they were handled."""

    def settle(self, event_id: str) -> None:
        """Record as handled when the transaction commits."""

    def commit(self) -> None:
        """Keep everything; raises where that cannot be, for whatever reason, and then keeps nothing."""


class Ledger(Protocol):
    """Remembers in the database what each group has handled, and what it has given up."""

    def settled(self, group: str, event_ids: Collection[str]) -> set[str]:
        """Which of the events the group has handled already."""

    def settle(self, group: str, event_id: str) -> None:
        """Record as handled, for a handler that wrote nothing; harmless when it is recorded already."""

    def batch(self, group: str, *, repeatable: bool) -> AbstractContextManager[Batch]:
        """Let the units of work that this thread begins share one transaction; leaving without its
        commit rolls back. ``repeatable`` is that of the fences."""

    def bury(self, burial: Burial) -> None:
        """Write a dead letter and record the event as given up."""


class AlreadyHandledError(Exception):
    """Another holder of the delivery committed first: this holder's effects were rolled back."""


@dataclass(frozen=True)
class EventRoute:
    """How a group handles a topic."""

    event: type[Event]
    handler: Handler
    batched: bool = False


@dataclass
class _Turn:
    """What became of the deliveries that were received together."""

    settled: set[str]
    ends: float
    done: list[Delivery] = field(default_factory=list)
    failed_keys: set[str] = field(default_factory=set)


class Consumer:
    """Handles the deliveries of one group."""

    def __init__(
        self,
        group: str,
        routes: dict[str, EventRoute],
        broker: Broker,
        ledger: Ledger,
        context: Callable[[Delivery, DeliveryFence], Context],
        *,
        policy: RetryPolicy,
        lease_s: float,
        batch: int = 32,
        batch_s: float = BATCH_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.group = group
        self._routes = routes
        self._broker = broker
        self._ledger = ledger
        self._context = context
        self._policy = policy
        self._lease_s = lease_s
        self._batch = batch
        self._batch_s = batch_s
        self._monotonic = monotonic

    def run_once(self, *, wait_s: float) -> int:
        """Receive and handle one batch; returns how many deliveries it held.

        A batch is given up when half of its lease has passed, so that what is handled is never also
        leased to another; the rest becomes due again at once.
        """
        deliveries = self._broker.receive(self.group, limit=self._batch, lease_s=self._lease_s, wait_s=wait_s)
        if not deliveries:
            return 0
        ends = self._monotonic() + self._lease_s / 2
        turn = _Turn(self._ledger.settled(self.group, {d.envelope.id for d in deliveries}), ends)
        try:
            for batched, some in groupby(deliveries, lambda delivery: self._batched(delivery, turn)):
                (self._handle_together if batched else self._handle_singly)(list(some), turn)
        finally:
            self._broker.ack(turn.done)
        return len(deliveries)

    def _batched(self, delivery: Delivery, turn: _Turn) -> bool:
        # What failed before is handled by itself, so that it spoils no further batch.
        route = self._routes.get(delivery.envelope.topic)
        fresh = delivery.attempt == 1 and delivery.envelope.id not in turn.settled
        return fresh and route is not None and route.batched

    def _handle_together(self, deliveries: list[Delivery], turn: _Turn) -> None:
        """Handle in few transactions, each of them short; one by one what such a transaction held that
        could not be kept."""
        waiting = deque(deliveries)
        while waiting:
            if self._held_back(waiting[0], turn):
                self._handle_singly([waiting.popleft()], turn)
                continue
            taken: list[Delivery] = []
            try:
                with self._ledger.batch(self.group, repeatable=self._broker.same_log) as batch:
                    until = self._monotonic() + self._batch_s
                    while waiting and not self._held_back(waiting[0], turn) and self._monotonic() < until:
                        taken.append(waiting.popleft())
                        route = self._routes[taken[-1].envelope.topic]
                        self._run(route, route.event.model_validate(taken[-1].envelope.payload), taken[-1])
                        batch.settle(taken[-1].envelope.id)
                    batch.commit()
            except Exception as error:  # noqa: BLE001 - each is handled again, and its own failure met there
                log.info("%s handles %d events one by one after %r", self.group, len(taken), error)
                self._handle_singly(taken, turn)
            else:
                turn.done += taken

    def _handle_singly(self, deliveries: list[Delivery], turn: _Turn) -> None:
        for delivery in deliveries:
            key = delivery.envelope.key
            if self._held_back(delivery, turn):
                self._broker.retry(delivery, delay_s=0.0, counted=False)
            elif delivery.envelope.id in turn.settled or self._handle(delivery):
                turn.done.append(delivery)
            elif key is not None:
                turn.failed_keys.add(key)

    def _held_back(self, delivery: Delivery, turn: _Turn) -> bool:
        """Whether it is too late for the delivery, or an earlier one of its key failed."""
        return self._monotonic() > turn.ends or delivery.envelope.key in turn.failed_keys

    def _run(self, route: EventRoute, event: Event, delivery: Delivery) -> DeliveryFence:
        fence = DeliveryFence(delivery.envelope.id, self.group, repeatable=self._broker.same_log)
        with correlated(delivery.envelope.correlation_id):
            route.handler(event, self._context(delivery, fence))
        return fence

    def _handle(self, delivery: Delivery) -> bool:
        """True where the delivery is settled (handled, or buried)."""
        with correlated(delivery.envelope.correlation_id):
            return self._handle_one(delivery)

    def _handle_one(self, delivery: Delivery) -> bool:
        envelope = delivery.envelope
        route = self._routes.get(envelope.topic)
        if route is None:
            # A topic of an earlier subscription: this version of the agent no longer wants it.
            self._ledger.settle(self.group, envelope.id)
            return True
        try:
            event = route.event.model_validate(envelope.payload)
        except ValidationError as error:
            self._bury(delivery, error)
            return True
        try:
            if not self._run(route, event, delivery).settled:
                self._ledger.settle(self.group, envelope.id)
        except AlreadyHandledError:
            return True
        except RetryLater as later:
            self._broker.retry(delivery, delay_s=later.delay_s, counted=False)
            return False
        except Exception as error:  # noqa: BLE001 - the consumer edge: every failure is retried or buried
            return self._failed(delivery, error)
        return True

    def _failed(self, delivery: Delivery, error: Exception) -> bool:
        envelope = delivery.envelope
        log.warning(
            "%s failed on %s %s (attempt %d of %d): %s",
            self.group,
            envelope.topic,
            envelope.id,
            delivery.attempt,
            self._policy.attempts,
            error,
            exc_info=error,
        )
        if delivery.attempt >= self._policy.attempts:
            self._bury(delivery, error)
            return True
        self._broker.retry(delivery, delay_s=self._policy.delay_s(delivery.attempt))
        return False

    def _bury(self, delivery: Delivery, error: Exception) -> None:
        cause = f"{type(error).__name__}: {error}"
        self._ledger.bury(Burial(delivery, cause, "".join(traceback.format_exception(error))))
