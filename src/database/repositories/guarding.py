"""What the guardrails of live comparisons are judged by: rows of searches, answers and requests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Text, cast, func, select
from sqlalchemy.orm import Session

from src.database.models import ActivityLine, AnswerRecord, SearchRecord


@dataclass(frozen=True)
class Searched:
    """One search of a reader: how long it took, in milliseconds, and in a comparison how long the way to each
    of the two rankings was; ``treatment_ms`` is None where the treatment did not come to one."""

    id: str
    user_id: str
    query: str
    took_ms: float
    control_ms: float | None
    treatment_ms: float | None


_SEARCHES = select(
    SearchRecord.id,
    SearchRecord.user_id,
    SearchRecord.query,
    SearchRecord.took_ms,
).where(SearchRecord.user_id.is_not(None))


def searches_between(
    session: Session, collection_id: str, since: datetime, until: datetime, limit: int
) -> list[Searched]:
    """The latest searches of a time that reached the collection."""
    query = (
        _SEARCHES.where(
            SearchRecord.at >= since,
            SearchRecord.at <= until,
            # An id stands in a list of ids, as JSON writes it: what others search does not count.
            cast(SearchRecord.collection_ids, Text).contains(f'"{collection_id}"', autoescape=True),
        )
        .order_by(SearchRecord.at.desc())
        .limit(limit)
    )
    return _searched(session, query)


def searches_within(session: Session, experiment_id: str, since: datetime, limit: int) -> list[Searched]:
    """The latest searches that took part in an experiment."""
    query = (
        _SEARCHES.where(SearchRecord.experiment_id == experiment_id, SearchRecord.at >= since)
        .order_by(SearchRecord.at.desc())
        .limit(limit)
    )
    return _searched(session, query)


def answers_between(session: Session, since: datetime, until: datetime, limit: int) -> dict[str, bool]:
    """The latest answers by the id of their search: whether each cited anything."""
    query = (
        select(
            AnswerRecord.answer["query_id"].as_string(),
            func.json_array_length(AnswerRecord.answer["citations"]),
        )
        .where(AnswerRecord.asked_at >= since, AnswerRecord.asked_at <= until)
        .order_by(AnswerRecord.asked_at.desc())
        .limit(limit)
    )
    return {search_id: bool(citations) for search_id, citations in session.execute(query)}


def outcomes_between(
    session: Session, capability: str, since: datetime, until: datetime, limit: int
) -> Sequence[str]:
    """How the latest requests of people of a kind ended: ``ok`` or a failure's code."""
    query = (
        select(ActivityLine.outcome)
        .where(
            ActivityLine.capability == capability,
            ActivityLine.caller.not_like("agent:%"),
            ActivityLine.at >= since,
            ActivityLine.at <= until,
        )
        .order_by(ActivityLine.at.desc())
        .limit(limit)
    )
    return list(session.scalars(query))


def _searched(session: Session, query: Select[*tuple[Any, ...]]) -> list[Searched]:
    return [_timed(row) for row in session.execute(query)]


def _timed(row: Any) -> Searched:
    took = {stage: float(ms) for stage, ms in row.took_ms.items()}
    return Searched(
        id=row.id,
        user_id=row.user_id,
        query=row.query,
        took_ms=took.get("total", 0.0),
        control_ms=took.get("control"),
        treatment_ms=took.get("treatment"),
    )
