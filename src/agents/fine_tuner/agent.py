"""The fine-tuner agent."""

from __future__ import annotations

from src.core.agent import Agent, every, on
from src.core.context import Context
from src.core.messages.documents import PassagesRemoved
from src.core.messages.feedback import (
    RatingGiven,
    RatingKind,
    RatingRetracted,
    RatingReviewed,
    RatingsHeld,
)
from src.core.ports import Embedder
from src.database.uow import Database

from .memory import complete_vectors, tell_of_change


class FineTunerAgent(Agent):
    """Keeps what rankings remember of ratings, and trains candidates on them.

    What is remembered are the counted ratings themselves. A search reads them anew when its collection's
    ``memory_version`` has changed, so that each vote works at once and is taken back as quickly.
    """

    name = "fine_tuner"

    def __init__(self, database: Database, embedder: Embedder) -> None:
        self._database = database
        self._embedder = embedder

    @on(RatingGiven, batched=True)
    def remember(self, event: RatingGiven, ctx: Context) -> None:
        self._changed(event.collection_id, event.kind, ctx)

    @on(RatingRetracted, batched=True)
    def forget(self, event: RatingRetracted, ctx: Context) -> None:
        self._changed(event.collection_id, event.kind, ctx)

    @on(RatingReviewed, batched=True)
    def reconsider(self, event: RatingReviewed, ctx: Context) -> None:
        self._changed(event.collection_id, event.kind, ctx)

    @on(RatingsHeld, batched=True)
    def set_apart(self, event: RatingsHeld, ctx: Context) -> None:
        self._changed(event.collection_id, None, ctx)

    @on(PassagesRemoved, batched=True)
    def forget_passages(self, event: PassagesRemoved, ctx: Context) -> None:
        """The ratings of a deleted document went with it."""
        with self._database.begin(ctx) as work:
            tell_of_change(work, event.collection_id, if_any=True)
            work.commit()

    @every(60.0)
    def complete_memory(self, ctx: Context) -> None:
        complete_vectors(self._database, self._embedder, ctx)

    def _changed(self, collection_id: str | None, kind: RatingKind | None, ctx: Context) -> None:
        # A verdict on an answer as a whole names no passage: nothing remembers it.
        if collection_id is None or kind is RatingKind.ANSWER:
            return
        with self._database.begin(ctx) as work:
            tell_of_change(work, collection_id)
            work.commit()
