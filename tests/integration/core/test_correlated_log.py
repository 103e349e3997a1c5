"""Every line of the log says what it belongs to, wherever the work was set off."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from src.cli.logs import JsonLines
from src.core.activity import Activity
from src.core.agent import Agent, handles
from src.core.caller import Caller
from src.core.clock import SystemClock
from src.core.context import Context
from src.core.jobs import JobRun
from src.core.messages.base import Access, Reply, Request
from src.core.middleware import RecordActivity
from src.core.orchestrator import AgentOrchestrator
from src.core.tally import Tally
from src.core.trace import current_correlation
from src.database.journal import SqlAgentJournal
from src.database.uow import Database
from tests.support.bench import Bench
from tests.support.databases import migrated_sqlite
from tests.support.thing import ThingHappened
from tests.support.workshop import Chop, MovableClock, Workshop

log = logging.getLogger("stoa.test")


class Listener(logging.Handler):
    """Formats at once, as a file would."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[dict[str, Any]] = []
        self.setFormatter(JsonLines())

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(json.loads(self.format(record)))

    def ids(self, words: str) -> set[str | None]:
        """The correlation ids of the lines with these words; there is at least one."""
        found = {line.get("correlation_id") for line in self.lines if words in line["message"]}
        assert found, words
        return found


@pytest.fixture
def listener() -> Iterator[Listener]:
    made, root = Listener(), logging.getLogger()
    level = root.level
    root.addHandler(made)
    root.setLevel(logging.INFO)
    yield made
    root.setLevel(level)
    root.removeHandler(made)


@pytest.fixture
def files(tmp_path: Path) -> Iterator[Database]:
    database = Database(migrated_sqlite(tmp_path), SystemClock())
    yield database
    database.close()


class Outer(Request[Reply]):
    capability: ClassVar[str] = "test.outer"
    access: ClassVar[Access] = Access.anyone()


class Quiet:
    def record(self, activity: Activity) -> None:
        return


class Speaker(Agent):
    """Says something."""

    name = "speaker"

    @handles(Outer)
    def outer(self, request: Outer, ctx: Context) -> Reply:
        log.info("speaking")
        return Reply()


def test_a_line_within_a_request_and_the_line_about_it_carry_its_id(
    files: Database, listener: Listener
) -> None:
    record = RecordActivity(Quiet(), Tally(SqlAgentJournal(files)))
    orchestrator = AgentOrchestrator([Speaker()], [Outer], [record], SystemClock())
    ctx = orchestrator.context(Caller.anonymous())
    orchestrator.ask(Outer(), ctx)
    assert listener.ids("speaking") == listener.ids("test.outer by speaker") == {ctx.correlation_id}
    assert current_correlation() is None


def test_a_line_within_a_job_and_the_line_about_its_failure_carry_its_id(
    files: Database, listener: Listener
) -> None:
    def chop(spec: Chop, run: JobRun) -> None:
        log.info("chopping")
        raise RuntimeError("the axe broke")

    files.clock = clock = MovableClock()
    workshop = Workshop(files, clock, chop=chop)
    job_id = workshop.enqueue()
    workshop.work()
    expected = {workshop.record(job_id).correlation_id}
    assert listener.ids("chopping") == listener.ids("failed in attempt 1") == expected


@pytest.mark.parametrize("batched", [False, True])
def test_a_line_within_an_event_and_the_line_about_its_failure_carry_its_id(
    files: Database, listener: Listener, batched: bool
) -> None:
    def before(event: ThingHappened, ctx: Context) -> None:
        log.info("handling %d", event.number)
        if event.number == 2:
            raise RuntimeError("no")

    bench = Bench(files, before, attempts=1, batched=batched)
    sent = {}
    for number in (1, 2):
        with files.begin() as work:
            event_id = work.publish(ThingHappened(thing=f"kettle{number}", number=number))
            work.commit()
        sent[number] = event_id
    bench.settle()
    with files.read() as work:
        events = work.events.after(0, topic=None, correlation_id=None, limit=9)
        ids = {one.event_id: one.correlation_id for one in events}
    assert listener.ids("handling 1") == {ids[sent[1]]}
    assert listener.ids("handling 2") == listener.ids("things failed on") == {ids[sent[2]]}
