"""The end of a training run, whichever way it comes."""

from __future__ import annotations

from typing import Any

from src.core.jobs import JobRun
from src.core.messages.models import ModelState
from src.core.messages.training import RunState, TrainingEnded
from src.database.models import ModelRecord, TrainingRunRecord
from src.database.uow import Database, UnitOfWork
from src.services import registry


def finish(
    work: UnitOfWork,
    run_id: str,
    state: RunState,
    reason: str | None,
    *,
    figures: dict[str, Any] | None = None,
    curves: dict[str, Any] | None = None,
) -> TrainingRunRecord:
    """Bring a run to its end in this unit of work, and tell of it."""
    record = work.training_runs.get(run_id)
    record.state, record.reason, record.finished_at = state.value, reason, work.now()
    record.figures, record.curves = figures or {}, curves or {}
    work.publish(TrainingEnded(run_id=run_id, collection_id=record.collection_id, state=state, reason=reason))
    return record


def finish_with(
    work: UnitOfWork,
    run_id: str,
    *,
    kind: str,
    artefact: str | None,
    embedding_version: str | None,
    card: dict[str, Any],
    figures: dict[str, Any],
    curves: dict[str, Any],
) -> ModelRecord:
    """Bring a run to its end with a candidate, the child of what is live; the collection must be held."""
    record = finish(work, run_id, RunState.SUCCEEDED, None, figures=figures, curves=curves)
    live = registry.live_model(work, record.collection_id)
    model = registry.register(
        work,
        record.collection_id,
        kind=kind,
        state=ModelState.CANDIDATE.value,
        parent_id=live.id,
        run_id=run_id,
        artefact=artefact,
        embedding_version=embedding_version,
        card=card,
        by="agent:fine_tuner",
        reason=card["summary"],
    )
    record.model_id = model.id
    return model


def end_without(
    database: Database,
    run_id: str,
    state: RunState,
    reason: str,
    run: JobRun,
    *,
    figures: dict[str, Any] | None = None,
    curves: dict[str, Any] | None = None,
) -> None:
    """Bring a run to its end that made no candidate."""
    with database.begin(run.ctx) as work:
        finish(work, run_id, state, reason, figures=figures, curves=curves)
        work.commit()
    run.reached("run ended")
