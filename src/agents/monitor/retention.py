"""Removing records that are older than the retention time."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ScalarSelect, delete, exists, select

from src.database.models import (
    ActivityLine,
    AlertRecord,
    DeadLetterRecord,
    ErrorHourRecord,
    ErrorPatternRecord,
    EventRecord,
    InboxRecord,
    JobRecord,
    RatingRecord,
    SearchRecord,
    SignalRecord,
    SignInFailureRecord,
)
from src.database.repositories.jobs import OPEN
from src.database.uow import Database

PATTERNS = 2000
"""Patterns of errors that are kept at most, the most recent ones."""


def prune(database: Database, before: datetime) -> None:
    """Each table in its own short transaction. What is unsent, open or unsettled stays, however old, and so
    does a search that a rating points to, to be replayed."""
    statements = (
        delete(ActivityLine).where(ActivityLine.at < before),
        delete(SearchRecord).where(
            SearchRecord.at < before, ~exists().where(RatingRecord.search_id == SearchRecord.id)
        ),
        delete(SignalRecord).where(SignalRecord.at < before),
        delete(SignInFailureRecord).where(SignInFailureRecord.last_at < before),
        delete(AlertRecord).where(AlertRecord.cleared_at < before),
        delete(ErrorHourRecord).where(ErrorHourRecord.hour < before),
        delete(ErrorPatternRecord).where(ErrorPatternRecord.last_at < before),
        delete(ErrorPatternRecord).where(ErrorPatternRecord.last_at < _last_kept()),
        delete(InboxRecord).where(InboxRecord.at < before),
        delete(EventRecord).where(EventRecord.sent, EventRecord.at < before),
        delete(DeadLetterRecord).where(DeadLetterRecord.settled_at < before),
        delete(JobRecord).where(
            JobRecord.state.not_in(OPEN), JobRecord.finished_at.is_not(None), JobRecord.finished_at < before
        ),
    )
    for statement in statements:
        with database.begin(relaxed=True) as work:
            work.session.execute(statement)
            work.commit()


def _last_kept() -> ScalarSelect[datetime]:
    newest = select(ErrorPatternRecord.last_at).order_by(ErrorPatternRecord.last_at.desc())
    return newest.offset(PATTERNS - 1).limit(1).scalar_subquery()
