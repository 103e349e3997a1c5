"""Two writers of the same new row at once: neither fails, on SQLite and on PostgreSQL."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from src.agents.ingestion.intake import Incoming, receive
from src.core.clock import new_id
from src.core.errors import ConflictError
from src.database.models import CollectionRecord, SignInFailureRecord
from src.database.uow import Database, UnitOfWork


def at_once(database: Database, write: Callable[[UnitOfWork], object]) -> None:
    """Let two threads write in transactions that overlap where the database allows it."""
    begun = threading.Event()

    def carry_out(first: bool) -> None:
        if not first:
            assert begun.wait(5.0)
        with database.begin() as work:
            write(work)
            work.session.flush()
            begun.set()
            time.sleep(0.2 if first else 0.0)
            work.commit()

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(carry_out, (True, False)))


def test_two_uploads_of_one_name_make_one_document(database: Database) -> None:
    collection_id, at = new_id(), database.clock.now()
    with database.begin() as work:
        work.collections.add(
            CollectionRecord(
                id=collection_id,
                name="Notes",
                description="",
                visibility="team",
                created_at=at,
                updated_at=at,
            )
        )
        work.commit()
    digest = hashlib.sha256(b"text").hexdigest()
    note = Incoming(external_id="note.md", title="note.md", digest=digest, size=4, path="note.md")
    at_once(database, lambda work: receive(work, collection_id, new_id(), [note]))
    with database.read() as look:
        records, _ = look.documents.page(
            collection_id, state=None, source_id=None, text=None, limit=10, cursor=None
        )
    assert [record.external_id for record in records] == ["note.md"]


def test_two_failed_sign_ins_of_one_name_are_both_counted(database: Database) -> None:
    def note(work: UnitOfWork) -> None:
        work.sign_in_failures.open("ada", database.clock.now()).count += 1

    at_once(database, note)
    with database.read() as work:
        assert work.session.get_one(SignInFailureRecord, "ada").count == 2


def test_what_two_cannot_both_have_is_a_conflict_and_not_a_fault(database: Database) -> None:
    def take(work: UnitOfWork) -> None:
        at = work.now()
        work.session.add(SignInFailureRecord(name_key="ada", count=1, last_at=at))

    with pytest.raises(ConflictError, match="same moment"):
        at_once(database, take)
