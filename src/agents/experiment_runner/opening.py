"""The moment at which a comparison begins, of whatever kind it is."""

from __future__ import annotations

from typing import Any

from src.core.clock import new_id
from src.core.messages.experiments import ExperimentStarted, ExperimentState, Method, Purpose
from src.database.models import ExperimentRecord, ModelRecord
from src.database.uow import UnitOfWork


def begin(
    work: UnitOfWork,
    control: ModelRecord,
    treatment: ModelRecord,
    purpose: Purpose,
    method: Method,
    *,
    share: float,
    rule: dict[str, Any],
    power: dict[str, Any],
    said: str,
    by: str,
) -> ExperimentRecord:
    """Store a comparison with the rule and the power that hold from its start to its end. ``said`` is why the
    treatment of a trial changes its state."""
    now = work.now()
    record = work.experiments.add(
        ExperimentRecord(
            id=new_id(),
            collection_id=control.collection_id,
            method=method.value,
            purpose=purpose.value,
            control_id=control.id,
            treatment_id=treatment.id,
            share=share,
            state=ExperimentState.RUNNING.value,
            rule=rule,
            power=power,
            looks=[],
            started_at=now,
        )
    )
    work.session.flush()
    if purpose is Purpose.TRIAL:
        evidence = {"experiment_id": record.id}
        work.models.change(treatment, "trial", by=by, reason=said, evidence=evidence, at=now)
    work.publish(
        ExperimentStarted(experiment_id=record.id, collection_id=control.collection_id, purpose=purpose)
    )
    return record
