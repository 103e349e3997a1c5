"""What live comparisons rest on: who may vote, how often they do, and what they voted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from src.database.models import (
    AnswerRecord,
    CollectionRecord,
    ExperimentRecord,
    ExperimentVoteRecord,
    MembershipRecord,
    ModelRecord,
    RatingRecord,
    SearchRecord,
    UserRecord,
)

from .base import chunks

RATE_DAYS = 28
_RANKS = ModelRecord.role == "ranking"


def voters(session: Session, collection: CollectionRecord) -> int:
    """How many enabled accounts may read the collection, administrators who are no members left out."""
    query = select(func.count()).select_from(UserRecord).where(UserRecord.disabled_at.is_(None))
    if collection.visibility != "team":
        members = select(MembershipRecord.user_id).where(MembershipRecord.collection_id == collection.id)
        query = query.where(or_(UserRecord.id == collection.owner_id, UserRecord.id.in_(members)))
    return session.scalar(query) or 0


def a_day(count: int, first: datetime | None, now: datetime) -> float | None:
    """How many a day that is since the first one; None where that is less than a day ago, which says nothing
    of the days to come."""
    if not count or first is None:
        return 0.0
    days = (now - first) / timedelta(days=1)
    return count / days if days >= 1.0 else None


def up_votes_per_day(session: Session, collection_id: str, now: datetime) -> float | None:
    """Counted up-votes of a collection a day, over the last four weeks or since its first one; see
    ``a_day``."""
    query = select(func.count(), func.min(RatingRecord.created_at)).where(
        RatingRecord.collection_id == collection_id,
        RatingRecord.state == "counted",
        RatingRecord.verdict == "up",
        RatingRecord.created_at >= now - timedelta(days=RATE_DAYS),
    )
    count, first = session.execute(query).one()
    return a_day(count, first, now)


def raters(session: Session, collection_id: str, now: datetime) -> int:
    """How many readers gave a counted up-vote in a collection in the last four weeks."""
    query = select(func.count(RatingRecord.user_id.distinct())).where(
        RatingRecord.collection_id == collection_id,
        RatingRecord.state == "counted",
        RatingRecord.verdict == "up",
        RatingRecord.created_at >= now - timedelta(days=RATE_DAYS),
    )
    return session.scalar(query) or 0


def watch_votes(
    session: Session, control_id: str, treatment_id: str, limit: int
) -> Sequence[ExperimentVoteRecord]:
    """The latest up-votes of all watches of one model against the one before it, oldest first."""
    query = (
        select(ExperimentVoteRecord)
        .join(ExperimentRecord, ExperimentRecord.id == ExperimentVoteRecord.experiment_id)
        .where(
            ExperimentRecord.control_id == control_id,
            ExperimentRecord.treatment_id == treatment_id,
            ExperimentRecord.purpose == "watch",
            ExperimentVoteRecord.verdict == "up",
        )
        .order_by(ExperimentVoteRecord.at.desc(), ExperimentVoteRecord.rating_id.desc())
        .limit(limit)
    )
    return list(reversed(session.scalars(query).all()))


def experiments_of(session: Session, rating_ids: Iterable[str]) -> dict[str, list[str]]:
    """The ratings by the experiments that showed what they rate: an answer may be of two, one that mixed the
    list it was made from and one that chose how it was made. Others are left out."""
    found: dict[str, list[str]] = {}
    of_lists = (
        select(ExperimentRecord.id, RatingRecord.id)
        .join(SearchRecord, SearchRecord.experiment_id == ExperimentRecord.id)
        .join(RatingRecord, RatingRecord.search_id == SearchRecord.id)
    )
    of_answers = (
        select(ExperimentRecord.id, RatingRecord.id)
        .join(AnswerRecord, AnswerRecord.experiment_id == ExperimentRecord.id)
        .join(RatingRecord, RatingRecord.answer_id == AnswerRecord.id)
        .where(RatingRecord.kind == "answer")
    )
    for part in chunks(sorted(rating_ids)):
        for query in (of_lists, of_answers):
            for experiment_id, rating_id in session.execute(query.where(RatingRecord.id.in_(part))):
                found.setdefault(experiment_id, []).append(rating_id)
    return dict(sorted(found.items()))


def up_votes(session: Session, experiment_id: str) -> int:
    """How many up-votes an experiment has."""
    query = select(func.count()).where(
        ExperimentVoteRecord.experiment_id == experiment_id, ExperimentVoteRecord.verdict == "up"
    )
    return session.scalar(query) or 0


def running_experiments(session: Session) -> Sequence[ExperimentRecord]:
    """What runs, in all collections."""
    return list(session.scalars(select(ExperimentRecord).where(ExperimentRecord.state == "running")))


def collections_in_the_loop(session: Session) -> Sequence[str]:
    """Where a comparison runs or may be due: a model waits or is on trial, or a learned one is live."""
    models = select(ModelRecord.collection_id).where(
        _RANKS,
        or_(
            ModelRecord.state.in_(("gated", "trial")),
            and_(ModelRecord.state == "live", ModelRecord.kind != "default"),
        ),
    )
    running = select(ExperimentRecord.collection_id).where(
        ExperimentRecord.state == "running", ExperimentRecord.method == "interleaving"
    )
    return sorted({*session.scalars(models), *session.scalars(running)})


def models_on_trial(session: Session, collection_id: str) -> Sequence[ModelRecord]:
    """The models of a collection whose state says so, whether a trial is running or not."""
    query = select(ModelRecord).where(
        _RANKS, ModelRecord.collection_id == collection_id, ModelRecord.state == "trial"
    )
    return list(session.scalars(query.order_by(ModelRecord.version)))


def latest_trial(session: Session, model_id: str) -> ExperimentRecord | None:
    """The newest trial of a model, running or ended."""
    query = select(ExperimentRecord).where(
        ExperimentRecord.treatment_id == model_id, ExperimentRecord.purpose == "trial"
    )
    return session.scalar(query.order_by(ExperimentRecord.id.desc()).limit(1))


def fruitless_trial(session: Session, control_id: str) -> ExperimentRecord | None:
    """The newest trial against a model that came to its end and promoted nothing. One whose place another
    candidate took told nothing."""
    query = select(ExperimentRecord).where(
        ExperimentRecord.control_id == control_id,
        ExperimentRecord.purpose == "trial",
        ExperimentRecord.method == "interleaving",
        ExperimentRecord.decision.in_(("undecided", "reject", "stopped")),
    )
    return session.scalar(query.order_by(ExperimentRecord.id.desc()).limit(1))


def waiting_models(session: Session, collection_id: str) -> Sequence[ModelRecord]:
    """The gated models of a collection, the newest first."""
    query = select(ModelRecord).where(
        _RANKS, ModelRecord.collection_id == collection_id, ModelRecord.state == "gated"
    )
    return list(session.scalars(query.order_by(ModelRecord.version.desc())))


def versions_of(session: Session, ids: Iterable[str]) -> dict[str, int]:
    """The versions of models by their ids."""
    found: dict[str, int] = {}
    for part in chunks(sorted(set(ids))):
        rows = session.execute(select(ModelRecord.id, ModelRecord.version).where(ModelRecord.id.in_(part)))
        found.update({row.id: row.version for row in rows})
    return found


def first_model(session: Session, collection_id: str) -> ModelRecord | None:
    """The first model of a collection, from before anything was learned."""
    query = select(ModelRecord).where(_RANKS, ModelRecord.collection_id == collection_id)
    return session.scalar(query.order_by(ModelRecord.version).limit(1))


def latest_watch(session: Session, control_id: str, treatment_id: str) -> ExperimentRecord | None:
    """The newest watch of one model against the one before it, running or ended."""
    query = (
        select(ExperimentRecord)
        .where(
            ExperimentRecord.control_id == control_id,
            ExperimentRecord.treatment_id == treatment_id,
            ExperimentRecord.purpose == "watch",
        )
        .order_by(ExperimentRecord.id.desc())
        .limit(1)
    )
    return session.scalar(query)
