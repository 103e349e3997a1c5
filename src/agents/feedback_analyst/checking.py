"""The check of new ratings, off the request's path: their questions' vectors, and whether they count."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from src.core.context import Context
from src.core.errors import RetryLater
from src.core.messages.feedback import RatingGiven, RatingsHeld, RatingState
from src.core.ports import Embedder, Vectors
from src.database.models import RatingRecord
from src.database.repositories.feedback import QuestionVectors, Ratings
from src.database.uow import Database, UnitOfWork, Work

from .suspicion import suspects
from .views import event_fields

_BATCH = 200
_BUSY = 300
"""Votes in a day from which they are checked together: a check looks at all votes of the last weeks."""
_GATHER = timedelta(seconds=1)


class RatingCheck:
    """Lets new ratings count, or holds those that are out of the ordinary, earlier ones among them."""

    def __init__(self, database: Database, embedder: Embedder) -> None:
        self._database = database
        self._embedder = embedder

    def carry_out(self, ctx: Context) -> None:
        """Check the ratings that wait. Each of them has an event of its own, so what comes meanwhile, or is
        too much for one time, is not forgotten. Raises RetryLater where many come and more may follow."""
        with self._database.read() as reading:
            waiting = Ratings(reading.session).waiting(_BATCH)
            if not waiting:
                return
            self._gather(reading, waiting, ctx.clock.now())
            lacking = self._lacking(reading, waiting)
            suspected = suspects(reading, ctx.clock.now())
        vectors = {key: self._embedder.embed_query(question) for key, question in lacking.items()}
        with self._database.begin(ctx) as work:
            QuestionVectors(work.session).add(vectors, self._embedder.version)
            ratings = Ratings(work.session)
            new = {record.id for record in waiting}
            records = ratings.chosen(new | set(suspected))
            hold(work, [record for record in records if _may_be_held(record, suspected)], suspected)
            count(work, [r for r in records if r.id in new and r.state == RatingState.NEW])
            work.commit()

    def _gather(self, work: Work, waiting: Sequence[RatingRecord], now: datetime) -> None:
        oldest = min(record.updated_at for record in waiting)
        if now - oldest < _GATHER and Ratings(work.session).count_since(now - timedelta(days=1)) > _BUSY:
            raise RetryLater(_GATHER.total_seconds())

    def _lacking(self, work: Work, waiting: Sequence[RatingRecord]) -> dict[str, str]:
        """The questions that have no vector yet, by key."""
        questions = {record.question_key: record.question for record in waiting}
        known: dict[str, Vectors] = QuestionVectors(work.session).find(questions, self._embedder.version)
        return {key: question for key, question in questions.items() if key not in known}


def _may_be_held(record: RatingRecord, suspected: dict[str, str]) -> bool:
    open_ = record.state in (RatingState.NEW, RatingState.COUNTED)
    return open_ and record.id in suspected and record.reviewed_by is None


def count(work: UnitOfWork, records: Sequence[RatingRecord]) -> None:
    """Let the ratings count, and tell of each."""
    experiments = Ratings(work.session).experiments({record.search_id for record in records})
    for record in records:
        record.state, record.held_reason = RatingState.COUNTED.value, None
        work.publish(RatingGiven(**event_fields(record, experiments.get(record.search_id))))


def hold(work: UnitOfWork, records: Sequence[RatingRecord], reasons: dict[str, str]) -> None:
    """Have the ratings wait for a person, and tell of it for each collection."""
    groups: dict[str | None, list[RatingRecord]] = defaultdict(list)
    for record in records:
        record.state, record.held_reason = RatingState.HELD.value, reasons[record.id]
        groups[record.collection_id].append(record)
    for collection_id, held in groups.items():
        work.publish(
            RatingsHeld(
                collection_id=collection_id,
                rating_ids=tuple(record.id for record in held),
                reasons=tuple(sorted({reasons[record.id] for record in held})),
            )
        )
