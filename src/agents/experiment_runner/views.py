"""Records as the messages that users see."""

from __future__ import annotations

from src.core.messages.models import Evaluation, Model, ModelChange, ModelDetail, ModelState
from src.database.models import EvaluationRecord, ModelChangeRecord, ModelRecord
from src.database.uow import Work


def model_view(record: ModelRecord) -> Model:
    """A model as a list shows it."""
    return Model(
        id=record.id,
        collection_id=record.collection_id,
        version=record.version,
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
