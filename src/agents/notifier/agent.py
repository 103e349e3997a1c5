"""Tells receivers outside of alerts."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from typing import Protocol

from src.core.agent import Agent, on
from src.core.context import Context
from src.core.errors import RetryLater, WebhookError
from src.core.messages.alerts import Alert, AlertCleared, AlertRaised, WebhookDue
from src.database.uow import Database

log = logging.getLogger(__name__)

SOONEST_S = 5.0
LATEST_S = 900.0
PATIENCE_S = 3 * 86_400.0


class Receiver(Protocol):
    """Somebody who wants to know. ``key`` names it in events and gives no secret away."""

    @property
    def key(self) -> str: ...

    @property
    def name(self) -> str: ...

    def tell(self, body: bytes, *, topic: str, delivery_id: str) -> None:
        """Raise WebhookError where it was not told."""


class NotifierAgent(Agent):
    """Tells each receiver of every alert that is raised or cleared, in order, for as long as it takes.

    A receiver has a delivery of its own for each alert, and the bus hands out one at a time: one that is away
    is tried again, first after seconds, then after a growing part of the time that has passed, and keeps
    the others waiting for the time-out of one try at most. After three days a delivery becomes a dead letter,
    which can be replayed."""

    name = "notifier"

    def __init__(self, database: Database, receivers: Sequence[Receiver]) -> None:
        self._database = database
        self._receivers = {receiver.key: receiver for receiver in receivers}

    @on(AlertRaised)
    def raised(self, event: AlertRaised, ctx: Context) -> None:
        self._queue("alert.raised", event.alert, ctx)

    @on(AlertCleared)
    def cleared(self, event: AlertCleared, ctx: Context) -> None:
        self._queue("alert.cleared", event.alert, ctx)

    @on(WebhookDue, ordered=True)
    def tell(self, event: WebhookDue, ctx: Context) -> None:
        receiver = self._receivers.get(event.receiver)
        if receiver is None:
            log.info("a receiver is no longer in the settings; it is not told of %s", event.alert.id)
            return
        told = {"type": event.told, "at": event.at.isoformat(), "alert": event.alert.model_dump(mode="json")}
        delivery_id = ctx.causation_id or event.alert.id
        body = json.dumps({"id": delivery_id, **told}, ensure_ascii=False).encode()
        try:
            receiver.tell(body, topic=event.told, delivery_id=delivery_id)
        except WebhookError as error:
            passed_s = (ctx.clock.now() - event.at).total_seconds()
            if passed_s > PATIENCE_S:
                raise
            delay_s = min(LATEST_S, max(SOONEST_S, passed_s / 2))
            log.warning("%s It is tried again in %.0f s.", error.detail, delay_s)
            raise RetryLater(delay_s) from None

    def _queue(self, told: str, alert: Alert, ctx: Context) -> None:
        if not self._receivers:
            return
        with self._database.begin(ctx) as work:
            for key in self._receivers:
                work.publish(WebhookDue(receiver=key, told=told, alert=alert, at=work.now()))
            work.commit()
