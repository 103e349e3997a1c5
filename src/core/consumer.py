"""The delivery policy, the same for every backend: deduplicate, retry with back-off, bury."""

from __future__ import annotations

import logging
import random
import traceback
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import ValidationError

from .bus import Broker, Delivery
from .context import Context, DeliveryFence
from .errors import RetryLater
from .messages.base import Event

log = logging.getLogger("stoa.events")

Handler = Callable[[Any, Context], None]


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


class Ledger(Protocol):
    """Remembers in the database what each group has handled, and what it has given up."""

    def settled(self, group: str, event_ids: Collection[str]) -> set[str]:
        """Which of the events the group has handled already."""

    def settle(self, group: str, event_id: str) -> None:
        """Record as handled, for a handler that wrote nothing; harmless when it is recorded already."""

    def bury(self, burial: Burial) -> None:
        """Write a dead letter and record the event as given up."""


class AlreadyHandledError(Exception):
    """Another holder of the delivery committed first: this holder's effects were rolled back."""


@dataclass(frozen=True)
class EventRoute:
    """How a group handles a topic."""

    event: type[Event]
    handler: Handler


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
    ) -> None:
        self.group = group
        self._routes = routes
        self._broker = broker
        self._ledger = ledger
        self._context = context
        self._policy = policy
        self._lease_s = lease_s
        self._batch = batch

    def run_once(self, *, wait_s: float) -> int:
        """Receive and handle one batch; returns how many deliveries it held.

        A batch is given up when half of its lease has passed, so that what is handled is never also
        leased to another; the rest becomes due again at once.
        """
        deliveries = self._broker.receive(self.group, limit=self._batch, lease_s=self._lease_s, wait_s=wait_s)
        if not deliveries:
            return 0
        settled = self._ledger.settled(self.group, {d.envelope.id for d in deliveries})
        self._handle_batch(deliveries, settled)
        return len(deliveries)

    def _handle_batch(self, deliveries: Sequence[Delivery], settled: set[str]) -> None:
        done: list[Delivery] = []
        failed_keys: set[str] = set()
        started: float | None = None
        try:
            for delivery in deliveries:
                key = delivery.envelope.key
                fence = DeliveryFence(delivery.envelope.id, self.group, repeatable=self._broker.same_log)
                ctx = self._context(delivery, fence)
                started = ctx.clock.monotonic() if started is None else started
                late = ctx.clock.monotonic() - started > self._lease_s / 2
                if late or (key is not None and key in failed_keys):
                    self._broker.retry(delivery, delay_s=0.0, counted=False)
                    continue
                if delivery.envelope.id in settled or self._handle(delivery, ctx, fence):
                    done.append(delivery)
                elif key is not None:
                    failed_keys.add(key)
        finally:
            self._broker.ack(done)

    def _handle(self, delivery: Delivery, ctx: Context, fence: DeliveryFence) -> bool:
        """True where the delivery is settled (handled, or buried)."""
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
            route.handler(event, ctx)
            if not fence.settled:
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
