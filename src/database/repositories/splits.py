"""What comparisons of answers rest on: who was given which answer, and what they said of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from src.database.models import (
    ActivityLine,
    AnswerCollectionRecord,
    AnswerRecord,
    ExperimentRecord,
    RatingRecord,
    UserRecord,
)

from .trials import a_day


@dataclass(frozen=True)
class Given:
    """An answer that a reader was given; ``took_ms`` is its time in all."""

    reader: str
    arm: str
    question: str
    refused: bool
    fell_back: bool
    took_ms: float
    cost_usd: float | None


@dataclass(frozen=True)
class Said:
    """What a reader said of an answer of one arm; ``question`` is the question's key."""

    reader: str
    arm: str
    question: str
    up: bool


def given_in(session: Session, experiment_id: str) -> list[Given]:
    """The answers of a comparison, in the order in which they were asked for."""
    query = (
        select(
            AnswerRecord.user_id,
            AnswerRecord.arm,
            AnswerRecord.question,
            AnswerRecord.refused,
            AnswerRecord.fell_back,
            AnswerRecord.took_ms["total"].as_float(),
            AnswerRecord.cost_usd,
        )
        .where(AnswerRecord.experiment_id == experiment_id)
        .order_by(AnswerRecord.id)
    )
    return [
        Given(reader or "", arm or "", question, refused, fell_back, took or 0.0, cost)
        for reader, arm, question, refused, fell_back, took, cost in session.execute(query)
    ]


def said_in(session: Session, record: ExperimentRecord) -> list[Said]:
    """What counts now of what the readers said, in the order in which they said it first. They are read
    from the ratings themselves: what is changed, taken back, held or discarded is so here at once. A
    comparison that has ended takes no new ones."""
    query = (
        select(RatingRecord.user_id, AnswerRecord.arm, RatingRecord.question_key, RatingRecord.verdict)
        .join(AnswerRecord, AnswerRecord.id == RatingRecord.answer_id)
        .where(
            AnswerRecord.experiment_id == record.id,
            RatingRecord.kind == "answer",
            RatingRecord.state == "counted",
        )
        .order_by(RatingRecord.created_at, RatingRecord.id)
    )
    if record.ended_at is not None:
        query = query.where(RatingRecord.created_at <= record.ended_at)
    return [
        Said(reader, arm or "", question, verdict == "up")
        for reader, arm, question, verdict in session.execute(query)
    ]


def said_before(session: Session, collection_id: str, since: datetime) -> list[tuple[str, bool]]:
    """The readers with their counted verdicts on answers of a collection."""
    query = select(RatingRecord.user_id, RatingRecord.verdict).where(*_verdicts(collection_id, since))
    return [(reader, verdict == "up") for reader, verdict in session.execute(query)]


def verdicts_per_day(session: Session, collection_id: str, since: datetime, now: datetime) -> float | None:
    """Counted verdicts on answers of a collection a day, since then or since the first one; see ``a_day``."""
    query = select(func.count(), func.min(RatingRecord.created_at)).where(*_verdicts(collection_id, since))
    count, first = session.execute(query).one()
    return a_day(count, first, now)


def answer_times(session: Session, collection_id: str, limit: int) -> list[float]:
    """How long the latest answers of a collection took, in milliseconds."""
    query: Select[float] = (
        select(AnswerRecord.took_ms["total"].as_float())
        .join(AnswerCollectionRecord, AnswerCollectionRecord.answer_id == AnswerRecord.id)
        .where(AnswerCollectionRecord.collection_id == collection_id)
        .order_by(AnswerRecord.id.desc())
        .limit(limit)
    )
    return [took for took in session.scalars(query) if took is not None]


def failed_between(
    session: Session, capability: str, codes: frozenset[str], since: datetime, until: datetime
) -> list[str]:
    """The readers whose requests of a kind failed with one of the codes, once for each time."""
    query = (
        select(UserRecord.id)
        .join(ActivityLine, ActivityLine.caller == UserRecord.username)
        .where(
            ActivityLine.capability == capability,
            ActivityLine.outcome.in_(codes),
            ActivityLine.at >= since,
            ActivityLine.at <= until,
        )
    )
    return list(session.scalars(query))


def _verdicts(collection_id: str, since: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        RatingRecord.collection_id == collection_id,
        RatingRecord.kind == "answer",
        RatingRecord.state == "counted",
        RatingRecord.created_at >= since,
    )
