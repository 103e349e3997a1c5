"""The event bus: what a backend must do. Policy (retry, dead letter, deduplication) lives in Consumer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from .messages.base import Envelope


@dataclass(frozen=True)
class Subscription:
    """A group's interest in topics. For ``ordered`` topics the events of one key are handed out one
    after another, in the order in which they were published."""

    group: str
    topics: frozenset[str]
    ordered: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Delivery:
    """An event leased to one consumer of a group. ``attempt`` counts from 1; ``receipt`` identifies
    this lease, so that a stale holder can neither ack nor retry a newer one."""

    envelope: Envelope
    group: str
    attempt: int
    receipt: str


class Broker(Protocol):
    """At-least-once delivery of every event to each subscribed group."""

    @property
    def same_log(self) -> bool:
        """True where deliveries are settled in the SQL database that holds the effects: a power cut then
        loses both or neither, so a handler's commit need not wait for the disk."""

    def subscribe(self, subscription: Subscription) -> None:
        """Declare a group before events for it are published; again with the same group replaces it."""

    def publish(self, envelopes: Sequence[Envelope]) -> None:
        """Queue for every subscribed group, or only for ``envelope.group``; durable on return and
        idempotent by envelope id and group while the delivery is not settled."""

    def receive(self, group: str, *, limit: int, lease_s: float, wait_s: float) -> Sequence[Delivery]:
        """Lease up to ``limit`` due deliveries; waits up to ``wait_s`` for the first."""

    def ack(self, deliveries: Sequence[Delivery]) -> None:
        """Settle; a stale receipt is ignored."""

    def retry(self, delivery: Delivery, *, delay_s: float, counted: bool = True) -> None:
        """Give the lease back, due again after ``delay_s``; a stale receipt is ignored. Without
        ``counted`` the next delivery has the same attempt number."""

    def end_leases(self) -> None:
        """Have everything that is leased handed out again at once, for a process that knows all other holders
        dead. One that lives after all is as one whose lease ran out."""

    def backlog(self, group: str) -> Backlog:
        """How much waits for the group."""

    def wake(self) -> None:
        """End every waiting ``receive`` (at shutdown)."""

    def close(self) -> None: ...


@dataclass(frozen=True)
class Backlog:
    """Deliveries that are not settled, and the age in seconds of the oldest (None when there is none)."""

    waiting: int
    oldest_age_s: float | None
