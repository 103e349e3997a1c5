"""From a commit to a handler's effects, on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import select

from src.core.context import Context
from src.core.errors import RetryLater
from src.core.signals import Signal
from src.database.ledger import replay
from src.database.models import InboxRecord
from src.database.outbox import SqlEventLog, SqlOutbox
from src.database.uow import Database
from tests.support.bench import Bench
from tests.support.thing import ThingHappened


@pytest.fixture(params=["singly", "batched"])
def bench(database: Database, request: pytest.FixtureRequest) -> Bench:
    return Bench(database, batched=request.param == "batched")


@pytest.fixture
def single(database: Database) -> Bench:
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


def test_two_holders_of_one_event_apply_its_effects_once(single: Bench) -> None:
    """The lease of the first runs out while it works; the second commits; the first must roll back."""
    single.lease_s = 0.2
    single.consumer = single.another_consumer()
    second = single.another_consumer()
    entered, go_on = threading.Event(), threading.Event()

    def hold_the_first(event: ThingHappened, ctx: Context) -> None:
        if not entered.is_set():
            entered.set()
            assert go_on.wait(20)

    single.before = hold_the_first
    single.publish(1)
    single.relay.run_once()
    slow = threading.Thread(target=lambda: single.consumer.run_once(wait_s=1.0))
    slow.start()
    assert entered.wait(20)
    while second.run_once(wait_s=0.1) == 0:
        pass
    go_on.set()
    slow.join(20)
    assert single.noted() == "1,"


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
    # The batch that it spoils comes before the attempts.
    assert len(attempts) == 3 + bench.batched
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
    assert listed(bench.database) == [1]


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
    bench.publish(5)  # and nobody has sent it on
    assert listed(bench.database) == [1, 2, 3, 4, 5]
    assert listed(bench.database, before=4) == [1, 2, 3]


def listed(database: Database, before: int | None = None) -> list[int | None]:
    """The positions that a list of the newest shows."""
    with database.read() as work:
        found = work.events.before(before, topic=None, correlation_id=None, limit=20)
        return [record.position for record in found]


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
