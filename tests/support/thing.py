"""A small agent with its own messages, for tests of the core."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from src.core.agent import Agent, on
from src.core.context import Context
from src.core.messages.base import Event
from src.database.uow import Database


class ThingHappened(Event):
    """Something happened to a thing."""

    topic: ClassVar[str] = "thing.happened.v1"
    thing: str
    number: int

    def ordering_key(self) -> str | None:
        return self.thing


class ThingAgent(Agent):
    """Notes what happened in a fact, through one unit of work; ``before`` runs first and may raise."""

    name = "things"

    def __init__(self, database: Database, before: Callable[[ThingHappened, Context], None]) -> None:
        self._database = database
        self._before = before

    @on(ThingHappened, ordered=True)
    def note(self, event: ThingHappened, ctx: Context) -> None:
        self._before(event, ctx)
        with self._database.begin(ctx) as work:
            seen = work.facts.value(event.thing) or ""
            work.facts.note(event.thing, f"{seen}{event.number},")
            work.commit()
