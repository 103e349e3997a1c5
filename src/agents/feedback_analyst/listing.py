"""Ratings as lists: one's own, and those of the collections that one looks after."""

from __future__ import annotations

from src.core.context import Context
from src.core.messages import Page
from src.core.messages.feedback import AnswerRatings, ListFeedback, Rating
from src.database.grants import scope_of
from src.database.repositories.feedback import Ratings
from src.database.uow import Database

from .views import rating_views

_OF_ONE_ANSWER = 500


def list_ratings(database: Database, request: ListFeedback, ctx: Context) -> Page[Rating]:
    """Raises NotFoundError for a collection that the caller may not read."""
    with database.read() as work:
        if request.collection_id is not None:
            scope_of(work, ctx.caller, (request.collection_id,))
        records, cursor = Ratings(work.session).page(
            ctx.caller,
            mine=request.mine,
            since=request.since,
            query_ids=request.query_id,
            collection_id=request.collection_id,
            state=request.state,
            kind=request.kind,
            verdict=request.verdict,
            limit=request.limit,
            cursor=request.cursor,
        )
        return Page[Rating](items=rating_views(work, records), next=cursor)


def ratings_of_answer(database: Database, request: AnswerRatings, ctx: Context) -> Page[Rating]:
    """What the caller rated of the answer; the passages behind it are rated as hits of its search."""
    with database.read() as work:
        query_id = str(work.answers.get(request.answer_id).answer["query_id"])
        records, _ = Ratings(work.session).page(
            ctx.caller, mine=True, query_ids=[query_id], limit=_OF_ONE_ANSWER, cursor=None
        )
        return Page[Rating](items=rating_views(work, records))
