"""Where the loop stands in each collection, read from its tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import func, or_, select

from src.core.messages.experiments import Method
from src.core.messages.learning import LearningOverview, VoteCounts
from src.core.messages.models import ModelRole
from src.database.models import (
    CollectionRecord,
    DatasetRecord,
    ExperimentRecord,
    ExperimentVoteRecord,
    ModelRecord,
    RatingRecord,
    TrainingRunRecord,
)
from src.database.repositories.forgetting import gone_from_model
from src.database.uow import Database, Work

_WEEK = timedelta(days=7)


def overviews(
    database: Database, work: Work, collections: Sequence[CollectionRecord]
) -> tuple[LearningOverview, ...]:
    return tuple(_overview(database, work, collection) for collection in collections)


def _overview(database: Database, work: Work, collection: CollectionRecord) -> LearningOverview:
    dataset = work.session.scalar(
        select(DatasetRecord)
        .where(DatasetRecord.collection_id == collection.id)
        .order_by(DatasetRecord.version.desc())
        .limit(1)
    )
    run = work.session.scalar(
        select(TrainingRunRecord)
        .where(
            TrainingRunRecord.collection_id == collection.id,
            # Refused before it looked at a vote, for want of what it needs: the loop goes on without it.
            or_(TrainingRunRecord.state != "refused", TrainingRunRecord.dataset_id.is_not(None)),
        )
        .order_by(TrainingRunRecord.id.desc())
        .limit(1)
    )
    live = work.models.live(collection.id)
    gone = gone_from_model(work.session, live)
    experiment = work.experiments.running(collection.id)
    comparison = work.experiments.running(collection.id, Method.AB)
    return LearningOverview(
        collection_id=collection.id,
        collection=collection.name,
        votes=_votes(database, work, collection.id),
        dataset_id=dataset.id if dataset else None,
        dataset_version=dataset.version if dataset else None,
        dataset_at=dataset.created_at if dataset else None,
        run_id=run.id if run else None,
        run_state=run.state if run else None,
        run_reason=run.reason if run else None,
        run_at=run.created_at if run else None,
        votes_since_run=_votes_since(work, collection.id, run),
        models=_models(work, collection.id),
        live_id=live.id if live else None,
        live_version=live.version if live else None,
        live_since=live.changed_at if live else None,
        votes_gone=gone,
        retrain_due=gone > int(run.configuration.get("votes_gone", 0) if run else 0),
        experiment_id=experiment.id if experiment else None,
        experiment_purpose=experiment.purpose if experiment else None,
        experiment_votes=_experiment_votes(work, experiment.id) if experiment else 0,
        experiment_look=_next_look(experiment) if experiment else None,
        experiment_paused=experiment is not None and experiment.share == 0,
        comparison_id=comparison.id if comparison else None,
    )


def _votes(database: Database, work: Work, collection_id: str) -> VoteCounts:
    mine = RatingRecord.collection_id == collection_id
    counts: dict[tuple[str, str], int] = {
        (state, verdict): number
        for state, verdict, number in work.session.execute(
            select(RatingRecord.state, RatingRecord.verdict, func.count())
            .where(mine)
            .group_by(RatingRecord.state, RatingRecord.verdict)
        )
    }
    recent = select(func.count()).where(mine, RatingRecord.updated_at > database.clock.now() - _WEEK)
    questions = select(func.count(RatingRecord.question_key.distinct())).where(
        mine, RatingRecord.state == "counted", RatingRecord.verdict == "up"
    )
    return VoteCounts(
        up=counts.get(("counted", "up"), 0),
        down=counts.get(("counted", "down"), 0),
        held=sum(number for (state, _), number in counts.items() if state == "held"),
        discarded=sum(number for (state, _), number in counts.items() if state == "discarded"),
        last_week=work.session.scalar(recent) or 0,
        questions=work.session.scalar(questions) or 0,
    )


def _votes_since(work: Work, collection_id: str, run: TrainingRunRecord | None) -> int:
    query = select(func.count()).where(
        RatingRecord.collection_id == collection_id,
        RatingRecord.state == "counted",
        RatingRecord.verdict == "up",
    )
    if run is not None:
        query = query.where(RatingRecord.updated_at > run.created_at)
    return work.session.scalar(query) or 0


def _models(work: Work, collection_id: str) -> dict[str, int]:
    query = (
        select(ModelRecord.state, func.count())
        .where(ModelRecord.collection_id == collection_id, ModelRecord.role == ModelRole.RANKING.value)
        .group_by(ModelRecord.state)
    )
    return {state: number for state, number in work.session.execute(query)}


def _next_look(experiment: ExperimentRecord) -> int | None:
    """The up-votes at which the comparison is looked at next; a watch is looked at all the time."""
    done = int(experiment.looks[-1]["done"]) if experiment.looks else 0
    looks = experiment.rule.get("looks", ())
    return int(looks[done]) if done < len(looks) else None


def _experiment_votes(work: Work, experiment_id: str) -> int:
    query = select(func.count()).where(
        ExperimentVoteRecord.experiment_id == experiment_id, ExperimentVoteRecord.verdict == "up"
    )
    return work.session.scalar(query) or 0
