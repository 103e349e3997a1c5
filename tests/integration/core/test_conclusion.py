"""A request whose record is written with its last effect."""

from __future__ import annotations

from typing import ClassVar

import pytest
from sqlalchemy import select

from src.core.agent import Agent, handles
from src.core.caller import Caller
from src.core.context import Context
from src.core.errors import ConflictError
from src.core.messages.base import Access, Reply, Request
from src.core.middleware import RecordActivity
from src.core.orchestrator import AgentOrchestrator
from src.core.tally import Tally
from src.database.journal import SqlActivityLog, SqlAgentJournal
from src.database.models import ActivityLine
from src.database.uow import Database


class Done(Reply):
    pass


class Weigh(Request[Done]):
    capability: ClassVar[str] = "test.weigh"
    access: ClassVar[Access] = Access.anyone()
    stones: int


class Scale(Agent):
    """Notes the weight and concludes; refuses what is too heavy before that, or what is odd after it."""

    name = "scale"

    def __init__(self, database: Database) -> None:
        self._database = database

    @handles(Weigh)
    def weigh(self, request: Weigh, ctx: Context) -> Done:
        with self._database.begin(ctx) as work:
            work.facts.note("weight", str(request.stones))
            if request.stones > 9:
                raise ConflictError("That is too heavy.")
            work.conclude()
        if request.stones % 2:
            raise ConflictError("That is odd.")
        return Done()


@pytest.fixture
def ask(database: Database):
    middleware = [RecordActivity(SqlActivityLog(database), Tally(SqlAgentJournal(database)))]
    orchestrator = AgentOrchestrator([Scale(database)], [Weigh], middleware, database.clock)
    return lambda stones: orchestrator.ask(Weigh(stones=stones), orchestrator.context(Caller.anonymous()))


def told(database: Database) -> tuple[str | None, list[str]]:
    with database.read() as work:
        outcomes = work.session.scalars(select(ActivityLine.outcome).order_by(ActivityLine.id))
        return work.facts.value("weight"), list(outcomes)


def test_the_effect_and_the_record_are_written_once_and_together(ask, database: Database) -> None:
    ask(4)
    assert told(database) == ("4", ["ok"])


def test_what_fails_before_its_effect_is_recorded_as_failed(ask, database: Database) -> None:
    with pytest.raises(ConflictError):
        ask(12)
    assert told(database) == (None, ["conflict"])


def test_what_fails_after_all_is_told_too(ask, database: Database) -> None:
    with pytest.raises(ConflictError):
        ask(5)
    assert told(database) == ("5", ["ok", "conflict"])
