"""Records as the messages that users see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from src.core.messages.experiments import Experiment, ExperimentState, Look, Method, Purpose
from src.core.messages.models import Evaluation, Model, ModelChange, ModelDetail, ModelRole, ModelState
from src.database.models import EvaluationRecord, ExperimentRecord, ModelChangeRecord, ModelRecord
from src.database.repositories.forgetting import gone_from_model
from src.database.uow import Work


def model_view(record: ModelRecord) -> Model:
    """A model as a list shows it."""
    return Model(
        id=record.id,
        collection_id=record.collection_id,
        version=record.version,
        role=ModelRole(record.role),
        kind=record.kind,
        state=ModelState(record.state),
        reason=record.reason,
        parent_id=record.parent_id,
        run_id=record.run_id,
        artefact=record.artefact,
        card=record.card,
        created_at=record.created_at,
        changed_at=record.changed_at,
    )


def model_detail(work: Work, record: ModelRecord) -> ModelDetail:
    """A model with its history and what it was measured at."""
    return ModelDetail(
        **model_view(record).model_dump(),
        votes_gone=gone_from_model(work.session, record),
        changes=tuple(_change(change) for change in work.models.changes(record.id)),
        evaluations=tuple(_evaluation(found) for found in work.models.evaluations(record.id)),
    )


def _change(record: ModelChangeRecord) -> ModelChange:
    return ModelChange(
        before=ModelState(record.before) if record.before else None,
        after=ModelState(record.after),
        decided_by=record.decided_by,
        reason=record.reason,
        evidence=record.evidence,
        at=record.at,
    )


def _evaluation(record: EvaluationRecord) -> Evaluation:
    return Evaluation(
        name=record.name,
        set_id=record.set_id,
        against_id=record.against_id,
        questions=record.questions,
        figures=record.figures,
        passed=record.passed,
        at=record.at,
    )


def experiment_view(
    record: ExperimentRecord, versions: Mapping[str, int], progress: dict[str, Any] | None = None
) -> Experiment:
    """A comparison; ``versions`` are those of its models, by id. Lists leave out what is over."""
    return Experiment(
        id=record.id,
        collection_id=record.collection_id,
        method=Method(record.method),
        purpose=Purpose(record.purpose),
        control_id=record.control_id,
        treatment_id=record.treatment_id,
        control_version=versions.get(record.control_id),
        treatment_version=versions.get(record.treatment_id),
        share=record.share,
        state=ExperimentState(record.state),
        decision=record.decision,
        reason=record.reason,
        rule=record.rule,
        power=record.power,
        looks=tuple(Look.model_validate(look) for look in record.looks),
        progress=progress or {},
        started_at=record.started_at,
        ended_at=record.ended_at,
    )
