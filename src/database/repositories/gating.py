"""What the offline gate has to work on: candidates, its jobs, and questions with known answers."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from src.core.messages.indexes import RebuildIndexesJob
from src.database.models import GoldenQuestionRecord, GoldenSetRecord, JobRecord, ModelRecord, RatingRecord


def collections_with_candidates(session: Session) -> Sequence[str]:
    """Where a candidate is that the gate has not passed. Ways to answer come to no gate."""
    query = select(ModelRecord.collection_id).where(
        ModelRecord.role == "ranking", ModelRecord.state == "candidate"
    )
    return list(session.scalars(query.distinct().order_by(ModelRecord.collection_id)))


def candidates(session: Session, collection_id: str) -> Sequence[ModelRecord]:
    """The candidates of a collection that the gate has not passed, the newest first."""
    query = select(ModelRecord).where(
        ModelRecord.collection_id == collection_id,
        ModelRecord.role == "ranking",
        ModelRecord.state == "candidate",
    )
    return list(session.scalars(query.order_by(ModelRecord.version.desc())))


def passed_models(session: Session, collection_id: str) -> Sequence[ModelRecord]:
    """The models of a collection that passed the gate and were not put aside since, the newest last."""
    query = select(ModelRecord).where(
        ModelRecord.collection_id == collection_id,
        ModelRecord.role == "ranking",
        ModelRecord.state.in_(("gated", "trial", "live", "retired")),
    )
    return list(session.scalars(query.order_by(ModelRecord.version)))


def gate_jobs(session: Session, collection_id: str) -> Sequence[JobRecord]:
    """The attempts to prove models of a collection, in order."""
    query = select(JobRecord).where(JobRecord.kind == "gate", JobRecord.collection_id == collection_id)
    return list(session.scalars(query.order_by(JobRecord.id)))


def index_jobs(
    session: Session, collection_id: str, embedding_version: str | None, cutting: str | None
) -> Sequence[JobRecord]:
    """The attempts to build the collection's index of that embedding version and cutting, in order."""
    query = select(JobRecord).where(
        JobRecord.kind == RebuildIndexesJob.kind, JobRecord.collection_id == collection_id
    )
    found = session.scalars(query.order_by(JobRecord.id))
    wanted = (embedding_version, cutting)
    return [
        job for job in found if (job.payload.get("embedding_version"), job.payload.get("cutting")) == wanted
    ]


def measurable(session: Session, collection_id: str) -> dict[str, int]:
    """How many questions there are to measure a candidate on: of golden sets, and with counted up-votes."""
    golden = (
        select(func.count())
        .select_from(GoldenQuestionRecord)
        .join(GoldenSetRecord, GoldenSetRecord.id == GoldenQuestionRecord.set_id)
        .where(GoldenSetRecord.collection_id == collection_id)
    )
    rated = select(func.count(RatingRecord.question_key.distinct())).where(
        RatingRecord.collection_id == collection_id,
        RatingRecord.state == "counted",
        RatingRecord.verdict == "up",
        RatingRecord.content_key.is_not(None),
    )
    return {"golden": session.scalar(golden) or 0, "rated": session.scalar(rated) or 0}
