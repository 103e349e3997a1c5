"""The event bus in the SQL database: a row for each event and group until it is settled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import (
    Connection,
    Integer,
    Select,
    Table,
    bindparam,
    delete,
    exists,
    func,
    select,
    text,
    update,
)

from src.core.bus import Backlog, Delivery, Subscription
from src.core.clock import new_id
from src.core.messages.base import Envelope
from src.core.signals import Signal
from src.database.inserts import new_rows
from src.database.models import DeliveryRecord
from src.database.types import UtcDateTime
from src.database.uow import Database

POLL_S = 0.5
"""How often a waiting receiver looks for what another process published."""


class SqlBroker:
    """At-least-once delivery on the tables of the SQL database.

    Claims are one UPDATE over the rows that a SELECT … FOR UPDATE SKIP LOCKED found (the clause is
    dropped on SQLite, where the one writer gives the same). A delivery whose lease ran out is due again.

    No commit here waits for the disk: the log of the database is written in order, so a power cut that
    loses one of them loses all that came after, the mark that the event was sent among them.
    """

    same_log = True

    def __init__(self, database: Database) -> None:
        self._database = database
        self._clock = database.clock
        self._subscriptions: dict[str, Subscription] = {}
        self._published = Signal()
        self._woken = 0

    def subscribe(self, subscription: Subscription) -> None:
        self._subscriptions[subscription.group] = subscription

    def publish(self, envelopes: Sequence[Envelope]) -> None:
        now = self._clock.now()
        rows = []
        for envelope in envelopes:
            body = envelope.model_dump_json()
            for subscription in self._subscriptions.values():
                if envelope.group is not None and subscription.group != envelope.group:
                    continue
                if envelope.topic not in subscription.topics:
                    continue
                rows.append(
                    {
                        "event_id": envelope.id,
                        "group": subscription.group,
                        "held_key": envelope.key if envelope.topic in subscription.ordered else None,
                        "envelope": body,
                        "published_at": now,
                        "available_at": now,
                        "attempts": 0,
                        "lease_token": None,
                    }
                )
        if not rows:
            return
        with self._database.begin(relaxed=True) as work:
            work.connection.execute(_QUEUE[self._database.dialect], rows)
            work.commit()
        self._published.notify()

    def receive(self, group: str, *, limit: int, lease_s: float, wait_s: float) -> Sequence[Delivery]:
        deadline = self._clock.monotonic() + wait_s
        woken = self._woken
        while True:
            level = self._published.level
            deliveries = self._claim(group, limit, lease_s) if self._due(group) else ()
            left = deadline - self._clock.monotonic()
            if deliveries or left <= 0 or self._woken != woken:
                return deliveries
            self._published.wait_past(level, min(left, POLL_S))

    def ack(self, deliveries: Sequence[Delivery]) -> None:
        if not deliveries:
            return
        claims: dict[str, list[int]] = {}
        for delivery in deliveries:
            seq, token = _claim_of(delivery)
            claims.setdefault(token, []).append(seq)
        with self._database.begin(relaxed=True) as work:
            for token, seqs in claims.items():
                work.connection.execute(_SETTLE, {"token": token, "seqs": seqs})
            work.commit()
        if any(delivery.envelope.key is not None for delivery in deliveries):
            self._published.notify()  # the next event of an ordered key is due now

    def retry(self, delivery: Delivery, *, delay_s: float, counted: bool = True) -> None:
        values: dict[str, Any] = {
            "lease_token": None,
            "available_at": self._clock.now() + timedelta(seconds=delay_s),
        }
        if not counted:
            values["attempts"] = _DELIVERIES.c.attempts - 1
        seq, token = _claim_of(delivery)
        with self._database.begin(relaxed=True) as work:
            work.connection.execute(
                update(_DELIVERIES)
                .where(_DELIVERIES.c.seq == seq, _DELIVERIES.c.lease_token == token)
                .values(**values)
            )
            work.commit()
        if delay_s <= 0:
            self._published.notify()

    def end_leases(self) -> None:
        with self._database.begin(relaxed=True) as work:
            work.connection.execute(_END_LEASES, {"now": self._clock.now()})
            work.commit()
        self._published.notify()

    def backlog(self, group: str) -> Backlog:
        query = select(func.count(), func.min(DeliveryRecord.published_at)).where(
            DeliveryRecord.group == group
        )
        with self._database.read() as work:
            waiting, oldest = work.session.execute(query).one()
        age = (self._clock.now() - oldest).total_seconds() if oldest else None
        return Backlog(waiting, max(age, 0.0) if age is not None else None)

    def wake(self) -> None:
        self._woken += 1
        self._published.notify()

    def close(self) -> None:
        self.wake()

    def _due(self, group: str) -> bool:
        """A cheap look without the writer's lock, so that idle receivers cost no commit."""
        with self._database.read() as work:
            due = {"of_group": group, "now": self._clock.now(), "limit": 1}
            return work.connection.scalar(_DUE, due) is not None

    def _claim(self, group: str, limit: int, lease_s: float) -> tuple[Delivery, ...]:
        now, token = self._clock.now(), new_id()
        claim = {
            "of_group": group,
            "now": now,
            "limit": limit,
            "token": token,
            "until": now + timedelta(seconds=lease_s),
        }
        with self._database.begin(relaxed=True) as work:
            self._serialise_ordered(work.connection, group)
            rows = work.connection.execute(_CLAIM, claim).all()
            work.commit()
        return tuple(
            Delivery(
                envelope=Envelope.model_validate_json(row.envelope),
                group=group,
                attempt=row.attempts,
                receipt=f"{row.seq}:{token}",
            )
            for row in sorted(rows)
        )

    def _serialise_ordered(self, connection: Connection, group: str) -> None:
        """On PostgreSQL two claims of a group with ordered topics must not overlap: each would see the
        first event of a key as unclaimed and the second as the next."""
        subscription = self._subscriptions.get(group)
        if self._database.dialect == "postgresql" and subscription and subscription.ordered:
            connection.execute(
                text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": f"bus:{group}"}
            )


def _claim_of(delivery: Delivery) -> tuple[int, str]:
    """The row that a receipt is for, and the token of the claim that leased it."""
    seq, _, token = delivery.receipt.partition(":")
    return int(seq), token


def _claimable() -> Select[int]:
    row, earlier = _DELIVERIES.c, _DELIVERIES.alias("earlier")
    held_up = exists().where(
        earlier.c.group == row.group, earlier.c.held_key == row.held_key, earlier.c.seq < row.seq
    )
    return (
        select(row.seq)
        .where(
            row.group == bindparam("of_group"),
            row.available_at <= bindparam("now", type_=UtcDateTime),
            row.held_key.is_(None) | ~held_up,
        )
        .order_by(row.available_at, row.seq)
        .limit(bindparam("limit", type_=Integer))
    )


_DELIVERIES = cast("Table", DeliveryRecord.__table__)
_QUEUE = new_rows(DeliveryRecord)
_DUE = _claimable()
_CLAIM = (
    update(_DELIVERIES)
    .where(
        _DELIVERIES.c.seq.in_(select(_claimable().with_for_update(skip_locked=True).cte("claimable").c.seq))
    )
    .values(
        attempts=_DELIVERIES.c.attempts + 1,
        lease_token=bindparam("token"),
        available_at=bindparam("until", type_=UtcDateTime),
    )
    .returning(_DELIVERIES.c.seq, _DELIVERIES.c.attempts, _DELIVERIES.c.envelope)
)
_END_LEASES = (
    update(_DELIVERIES)
    .where(_DELIVERIES.c.lease_token.is_not(None))
    .values(lease_token=None, available_at=bindparam("now", type_=UtcDateTime))
)
_SETTLE = delete(_DELIVERIES).where(
    _DELIVERIES.c.seq.in_(bindparam("seqs", expanding=True)), _DELIVERIES.c.lease_token == bindparam("token")
)
