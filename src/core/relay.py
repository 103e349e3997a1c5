"""The relay moves committed events from the outbox to the broker."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Protocol

from .bus import Broker
from .messages.base import Envelope


class Outbox(Protocol):
    """Events that were committed with the change that they tell of."""

    def unsent(self, limit: int) -> Sequence[Envelope]:
        """The oldest events that are not marked as sent. It never reads "after id N": ids may commit
        out of order."""

    def mark_sent(self, envelopes: Sequence[Envelope]) -> None:
        """Mark as sent and give each its position in the event log."""


PAUSE_S = 0.01
"""Between two batches that were not full. One event after a quiet time goes at once; of many, each of
which would otherwise cost several transactions, more go together."""


class Relay:
    """Publishes in batches. A crash between publish and mark publishes again: the broker is idempotent,
    and a consumer's inbox catches what the broker does not."""

    def __init__(self, outbox: Outbox, broker: Broker, *, batch: int = 200, pause_s: float = PAUSE_S) -> None:
        self._outbox = outbox
        self._broker = broker
        self._batch = batch
        self._pause_s = pause_s
        self._not_before = 0.0

    def run_once(self) -> int:
        """Relay one batch, after a pause where the last one was not full; returns how many events moved."""
        time.sleep(max(0.0, self._not_before - time.monotonic()))
        envelopes = self._outbox.unsent(self._batch)
        if envelopes:
            self._broker.publish(envelopes)
            self._outbox.mark_sent(envelopes)
            full = len(envelopes) == self._batch
            self._not_before = 0.0 if full else time.monotonic() + self._pause_s
        return len(envelopes)
