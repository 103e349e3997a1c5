"""Deliveries that share a transaction, on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Collection

import pytest
from sqlalchemy import text

from src.core.context import Context
from src.database.ledger import SqlLedger
from src.database.uow import Database
from tests.support.bench import Bench
from tests.support.thing import ThingHappened

THINGS = ("cup", "kettle", "pan", "pot", "spoon")


@pytest.fixture
def batched(database: Database) -> Bench:
    return Bench(database, batched=True)


def test_a_handler_that_fails_in_a_batch_undoes_nothing_of_its_neighbours(batched: Bench) -> None:
    def refuse_pans(event: ThingHappened, ctx: Context) -> None:
        if event.thing == "pan":
            raise ValueError("no pans")

    batched.before = refuse_pans
    for thing in THINGS:
        batched.publish(1, thing=thing)
    batched.settle()
    assert [batched.noted(thing) for thing in THINGS] == ["1,", "1,", None, "1,", "1,"]
    assert [letter.cause for letter in batched.letters()] == ["ValueError: no pans"]


def test_a_statement_that_fails_in_a_batch_undoes_nothing_of_its_neighbours(batched: Bench) -> None:
    """The database itself refuses: on PostgreSQL no other statement of the transaction works after that."""

    def write_nonsense(event: ThingHappened, ctx: Context) -> None:
        if event.thing == "pan":
            with batched.database.begin(ctx) as work:
                work.session.execute(text("INSERT INTO inbox (event_id) VALUES (NULL)"))
                work.commit()

    batched.before = write_nonsense
    for thing in THINGS:
        batched.publish(1, thing=thing)
    batched.settle()
    assert [batched.noted(thing) for thing in THINGS] == ["1,", "1,", None, "1,", "1,"]
    (letter,) = batched.letters()
    assert letter.cause.startswith("IntegrityError")


def test_the_effects_of_a_batch_are_seen_within_it_and_by_nobody_else_before_its_commit(
    batched: Bench,
) -> None:
    within: list[str | None] = []
    outside: list[str | None] = []

    def look(event: ThingHappened, ctx: Context) -> None:
        within.append(batched.noted("cup"))
        elsewhere = threading.Thread(target=lambda: outside.append(batched.noted("cup")))
        elsewhere.start()
        elsewhere.join(20)

    batched.before = look
    for thing in THINGS[:3]:
        batched.publish(1, thing=thing)
    batched.relay.run_once()
    batched.consumer.run_once(wait_s=1.0)
    assert within == [None, "1,", "1,"]
    assert outside == [None, None, None]
    assert batched.noted("cup") == "1,"


def test_a_batch_with_an_event_that_another_holder_handled_meanwhile_applies_it_once(batched: Bench) -> None:
    """The other takes over between this one's look into the inbox and its commit."""
    batched.lease_s = 0.2
    other = batched.another_consumer()

    class SlowLedger(SqlLedger):
        def settled(self, group: str, event_ids: Collection[str]) -> set[str]:
            found = super().settled(group, event_ids)
            while other.run_once(wait_s=0.1) == 0:
                pass
            return found

    slow = batched.another_consumer(ledger=SlowLedger(batched.database))
    for thing in THINGS:
        batched.publish(1, thing=thing)
    batched.relay.run_once()
    assert slow.run_once(wait_s=1.0) == len(THINGS)
    batched.settle()  # what the other one's own short lease left
    assert [batched.noted(thing) for thing in THINGS] == ["1,"] * len(THINGS)


def test_a_unit_of_work_that_is_not_committed_in_a_batch_keeps_nothing(batched: Bench) -> None:
    def note_and_leave(event: ThingHappened, ctx: Context) -> None:
        if event.thing == "pan":
            with batched.database.begin(ctx) as work:
                work.facts.note("left", "behind")

    batched.before = note_and_leave
    for thing in THINGS:
        batched.publish(1, thing=thing)
    batched.settle()
    assert [batched.noted(thing) for thing in THINGS] == ["1,"] * len(THINGS)
    assert batched.noted("left") is None
