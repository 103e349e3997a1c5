"""The monitor's parts on a real database, with a clock that a test moves and figures that a test states."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from src.agents.monitor.alarms import Alarms
from src.agents.monitor.measuring import Collector, Family, Look, Measuring, Sample
from src.agents.monitor.rules import Rule
from src.agents.monitor.watch import Watch
from src.core.caller import Caller
from src.core.clock import new_id
from src.core.context import Context
from src.core.orchestrator import AgentOrchestrator
from src.database.models import (
    ActivityLine,
    AlertRecord,
    AnswerRecord,
    ConversationRecord,
    EventRecord,
    RatingRecord,
    SearchRecord,
    UserRecord,
)
from src.database.uow import Database

from .databases import migrated_sqlite
from .workshop import MovableClock


class Gauge:
    """A collector that gives what a test says."""

    name = "gauge"
    seconds = 10.0
    families = (Family("stoa_test", "gauge", "A figure."),)

    def __init__(self) -> None:
        self.given: Iterable[Sample] = ()
        self.runs = 0

    def collect(self, look: Look) -> Iterable[Sample]:
        self.runs += 1
        return self.given

    def give(self, value: float, **more: Any) -> None:
        self.given = (Sample("stoa_test", value, **more),)


@dataclass
class Lookout:
    """A watch over one gauge; time passes by ``round``."""

    database: Database
    clock: MovableClock
    gauge: Gauge = field(default_factory=Gauge)
    rules: tuple[Rule, ...] = (Rule("high", "stoa_test", 10.0, "It is {value:g}.", by="of"),)

    def __post_init__(self) -> None:
        self.orchestrator = AgentOrchestrator([], [], [], self.clock)

    def context(self) -> Context:
        return self.orchestrator.context(Caller.agent("monitor"))

    def watch(self, *more: Collector) -> Watch:
        measuring = Measuring(self.database, [self.gauge, *more])
        return Watch(measuring, Alarms(self.database, self.rules))

    def round(self, value: float | None = None, *, seconds: float = 10.0, **more: Any) -> None:
        """Let time pass, and watch once with the gauge at ``value``."""
        if value is not None:
            self.gauge.give(value, **more)
        self.clock.seconds += seconds
        self.watch().run(self.context())

    def collect(self, collector: Collector) -> dict[tuple[str, ...], Sample]:
        """What a collector gives, by name and values of labels."""
        look = Look(self.database, self.clock.now())
        return {(one.name, *one.labels.values()): one for one in collector.collect(look)}

    def told(self) -> list[str]:
        """The events of alerts so far: what happened, and the sentence."""
        with self.database.read() as work:
            query = select(EventRecord).where(EventRecord.topic.startswith("alert."))
            events = sorted(work.session.scalars(query), key=lambda event: event.seq)
        return [f"{event.topic.split('.')[1]}: {event.payload['alert']['detail']}" for event in events]

    def alerts(self) -> Sequence[AlertRecord]:
        with self.database.read() as work:
            return list(work.session.scalars(select(AlertRecord).order_by(AlertRecord.id)))

    def ago(self, **span: float) -> datetime:
        return self.clock.now() - timedelta(**span)

    def add(self, *records: Any) -> None:
        with self.database.begin() as work:
            for record in records:
                work.session.add(record)
                work.session.flush()
            work.commit()

    def user(self) -> str:
        key = new_id()
        self.add(
            UserRecord(
                id=key,
                username=key,
                name_key=key,
                password_hash="-",
                password_set_at=self.clock.now(),
                roles=[],
                created_at=self.clock.now(),
            )
        )
        return key


def search(at: datetime, query: str = "why", dense: float | None = 0.5, **more: Any) -> SearchRecord:
    hits = [] if dense is None else [{"rank": 1, "scores": {"dense": dense, "fused": dense + 0.1}}]
    columns: dict[str, Any] = {
        "id": new_id(),
        "user_id": "u",
        "query": query,
        "request": {},
        "collection_ids": [],
        "hits": hits,
        "index_version": "1",
        "models": {},
        "took_ms": {"dense": 4.0, "total": 10.0},
        "at": at,
    }
    return SearchRecord(**(columns | more))


def conversation(at: datetime) -> ConversationRecord:
    return ConversationRecord(id=new_id(), created_at=at)


def answer(talk: ConversationRecord, at: datetime, **more: Any) -> AnswerRecord:
    columns: dict[str, Any] = {
        "id": new_id(),
        "conversation_id": talk.id,
        "question": "why",
        "grounded": True,
        "model": "extractive",
        "answer": {},
        "asked_at": at,
    }
    return AnswerRecord(**(columns | more))


def rating(user_id: str, answer_id: str | None, at: datetime, verdict: str, **more: Any) -> RatingRecord:
    columns: dict[str, Any] = {
        "id": new_id(),
        "user_id": user_id,
        "object_key": new_id(),
        "kind": "answer",
        "answer_id": answer_id,
        "search_id": "s",
        "question": "why",
        "question_key": "k",
        "verdict": verdict,
        "reasons": [],
        "state": "counted",
        "created_at": at,
        "updated_at": at,
    }
    return RatingRecord(**(columns | more))


def activity(at: datetime, **more: Any) -> ActivityLine:
    columns: dict[str, Any] = {
        "id": f"{int(at.timestamp() * 1000):012x}{new_id()[12:]}",
        "capability": "passage.search",
        "agent": "retrieval",
        "caller": "ada",
        "at": at,
        "duration_ms": 20.0,
        "outcome": "ok",
        "correlation_id": new_id(),
    }
    return ActivityLine(**(columns | more))


@pytest.fixture
def lookout(tmp_path: Path) -> Iterator[Lookout]:
    """On SQLite."""
    yield from _opened(migrated_sqlite(tmp_path))


@pytest.fixture
def either(database_url: str) -> Iterator[Lookout]:
    """On each kind of database."""
    yield from _opened(database_url)


def _opened(url: str) -> Iterator[Lookout]:
    clock = MovableClock()
    database = Database(url, clock)
    yield Lookout(database, clock)
    database.close()
