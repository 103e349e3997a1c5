"""The relay moves committed events from the outbox to the broker."""

from __future__ import annotations

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


class Relay:
    """Publishes in batches. A crash between publish and mark publishes again: the broker is idempotent,
    and a consumer's inbox catches what the broker does not."""

    def __init__(self, outbox: Outbox, broker: Broker, *, batch: int = 200) -> None:
        self._outbox = outbox
        self._broker = broker
        self._batch = batch

    def run_once(self) -> int:
        """Relay one batch; returns how many events were moved."""
        envelopes = self._outbox.unsent(self._batch)
        if envelopes:
            self._broker.publish(envelopes)
            self._outbox.mark_sent(envelopes)
        return len(envelopes)
