"""The end of a training run, whichever way it comes."""

from __future__ import annotations

from typing import Any

from src.core.jobs import JobRun
from src.core.messages.training import RunState, TrainingEnded
from src.database.models import TrainingRunRecord
from src.database.uow import Database, UnitOfWork


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
