"""Failures are grouped by what they say, each once, on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from src.agents.monitor.errors import ErrorLog
from src.agents.monitor.failures import DocumentFailures, EventFailures, JobFailures, RequestFailures
from src.agents.monitor.retention import prune
from src.core.clock import new_id
from src.core.jobs import JobState
from src.core.messages.alerts import ErrorOrigin, ErrorPattern, ListErrors
from src.database.models import CollectionRecord, DeadLetterRecord, DocumentRecord
from tests.support.watching import Lookout, activity
from tests.support.workshop import Workshop


def log_of(lookout: Lookout) -> ErrorLog:
    sources = [RequestFailures(), JobFailures(), DocumentFailures(), EventFailures()]
    return ErrorLog(lookout.database, sources)


def patterns(lookout: Lookout, **asked: Any) -> list[ErrorPattern]:
    return list(log_of(lookout).list(ListErrors(**asked), lookout.clock.now()).items)


def failed(lookout: Lookout, error: str, **more: Any) -> None:
    lookout.add(activity(lookout.clock.now(), outcome="internal", error=error, **more))


def gather(lookout: Lookout, seconds: float = 20.0) -> int:
    lookout.clock.seconds += seconds
    return log_of(lookout).gather(lookout.clock.now())


def letter(lookout: Lookout, cause: str) -> DeadLetterRecord:
    return DeadLetterRecord(
        id=new_id(),
        event_id=new_id(),
        group="indexing",
        topic="document.deleted.v1",
        envelope={},
        cause=cause,
        trace="",
        attempts=5,
        at=lookout.clock.now(),
    )


def document(lookout: Lookout, collection_id: str, detail: str) -> DocumentRecord:
    now = lookout.clock.now()
    return DocumentRecord(
        id=new_id(),
        collection_id=collection_id,
        external_id="a",
        external_digest=new_id(),
        title="a",
        size=1,
        content_hash="0",
        state="failed",
        error_stage="parsing",
        error_code="document_encrypted",
        error_detail=detail,
        attempts=1,
        notices=[],
        details={},
        passage_count=0,
        created_at=now,
        updated_at=now,
    )


def test_failures_that_say_the_same_are_one_pattern_with_counts_over_time(either: Lookout) -> None:
    for hour in range(3):
        for n in range(hour + 1):
            failed(either, f"KeyError: 'name{n}' of {new_id()} at /srv/{n}")
        failed(either, "ValueError: no")
        gather(either, 3600)
    by_message = {one.message: one for one in patterns(either)}
    assert set(by_message) == {"KeyError: <text> of <id> at <path>", "ValueError: no"}
    keys = by_message["KeyError: <text> of <id> at <path>"]
    assert (keys.count, [one.count for one in keys.hours]) == (6, [1, 2, 3])
    assert (keys.origin, keys.place, keys.code) == ("request", "passage.search", "internal")
    assert "'name" in keys.example["message"]
    assert (keys.last_at - keys.first_at) == timedelta(hours=2)


def test_a_failure_is_taken_in_once_and_none_is_missed(either: Lookout) -> None:
    total = 0
    for n in range(30):
        failed(either, "KeyError: no")
        total += gather(either, 5.0 if n % 3 else 17.0)
    total += gather(either)
    assert total == 30
    assert gather(either) == 0
    assert patterns(either)[0].count == 30


def test_every_kind_of_failure_is_found(either: Lookout) -> None:
    workshop = Workshop(either.database, either.clock)
    workshop.enqueue()
    workshop.store.fail(workshop.claimed(), code="source_gone", detail="There is no folder '/srv/x'.")
    workshop.enqueue()
    workshop.store.succeed(workshop.claimed())
    now = either.clock.now()
    collection = CollectionRecord(
        id=new_id(), name="c", description="", visibility="team", created_at=now, updated_at=now
    )
    either.add(collection, document(either, collection.id, "It is encrypted."))
    either.add(letter(either, "OperationalError: database is locked"), activity(now, outcome="not_found"))
    failed(either, "boom")
    gather(either)
    assert {(one.origin, one.place, one.code, one.message) for one in patterns(either)} == {
        ("job", "chop", "source_gone", "There is no folder <text>."),
        ("document", "parsing", "document_encrypted", "It is encrypted."),
        ("event", "indexing", "OperationalError", "database is locked"),
        ("request", "passage.search", "internal", "boom"),
    }
    (only,) = patterns(either, origin=ErrorOrigin.JOB)
    assert (only.origin, JobState.FAILED) == ("job", "failed")


def test_more_failures_than_one_round_takes_are_taken_by_the_next(lookout: Lookout) -> None:
    lookout.add(*(activity(lookout.ago(seconds=n), outcome="internal", error="boom") for n in range(1500)))
    first, second = gather(lookout), gather(lookout)
    assert first < 1000
    assert first + second == 1500
    assert patterns(lookout)[0].count == 1500


def test_patterns_go_with_the_retention_time(lookout: Lookout) -> None:
    failed(lookout, "old")
    gather(lookout, 5 * 86_400)
    failed(lookout, "new")
    gather(lookout)
    prune(lookout.database, lookout.ago(days=2))
    assert [one.message for one in patterns(lookout)] == ["new"]
