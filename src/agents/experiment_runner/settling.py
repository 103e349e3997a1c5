"""What was left in the middle: by a person who was to decide, by a policy that was another one then, or by
the deletion of what a model learned from."""

from __future__ import annotations

from typing import Any

from src.core.errors import ConflictError
from src.core.messages.experiments import Purpose
from src.core.messages.models import ModelState
from src.database.models import ExperimentRecord, ModelRecord
from src.database.repositories.forgetting import must_forget
from src.database.repositories.trials import latest_trial, models_on_trial
from src.database.uow import UnitOfWork, Work
from src.services import registry
from src.services.evaluation.sequential import Decision


def put_back(
    work: UnitOfWork,
    model: ModelRecord,
    reason: str,
    evidence: dict[str, Any] | None = None,
    *,
    by: str,
) -> None:
    """Have a model be what it was before its trial, or before the first of those in a row."""
    trial = ModelState.TRIAL
    begun = [each for each in work.models.changes(model.id) if each.after == trial and each.before != trial]
    before = begun[-1].before if begun else None
    state = before if before in (ModelState.CANDIDATE, ModelState.RETIRED) else ModelState.GATED
    work.models.change(model, str(state), by=by, reason=reason, evidence=evidence or {}, at=work.now())


def release(work: UnitOfWork, comparison: ExperimentRecord, reason: str, *, by: str) -> None:
    """Leave the treatment of a trial as it was before it: the trial said nothing about it."""
    treatment = work.models.find(comparison.treatment_id)
    if treatment is not None and treatment.state == ModelState.TRIAL:
        put_back(work, treatment, reason, {"experiment_id": comparison.id}, by=by)


def settle(
    work: UnitOfWork, live: ModelRecord, running: ExperimentRecord | None, *, automatic: bool, by: str
) -> ModelRecord:
    """Decide on the models that are on trial though no trial of theirs is running; returns what is live then.

    One that won against what is live waits for a person under the manual policy, and goes live under the
    automatic one. What any other found out holds no more."""
    for model in models_on_trial(work.session, live.collection_id):
        if running is not None and running.treatment_id == model.id:
            continue
        last = latest_trial(work.session, model.id)
        won = last is not None and last.decision == Decision.PROMOTE and last.control_id == live.id
        if must_forget(model):
            registry.reject(work, model, by=by, reason=_forgotten(model), evidence={})
        elif last is None or not won:
            put_back(work, model, "No trial of it is running, and what is live was not compared.", by=by)
        elif automatic:
            reason = f"Better in its trial, and no person is asked any more. {last.reason or ''}".strip()
            if put_live(work, model, reason, {"experiment_id": last.id}, by=by):
                live = model
    return live


def put_live(work: UnitOfWork, model: ModelRecord, reason: str, evidence: dict[str, Any], *, by: str) -> bool:
    """Promote what won. What cannot go live, since its index is gone, comes to the gate again once that is
    there."""
    try:
        registry.promote(work, model, by=by, reason=reason, evidence=evidence)
    except ConflictError as error:
        said = f"Better, but it cannot go live: {error.detail}"
        work.models.change(model, "candidate", by=by, reason=said, evidence={}, at=work.now())
        return False
    return True


def to_be_forgotten(work: Work, running: ExperimentRecord) -> str | None:
    """Why readers may not be shown what the treatment learned, if so."""
    treatment = work.models.find(running.treatment_id)
    return _forgotten(treatment) if treatment is not None and must_forget(treatment) else None


def put_aside(
    work: UnitOfWork,
    comparison: ExperimentRecord,
    reason: str,
    evidence: dict[str, Any] | None = None,
    *,
    by: str,
) -> None:
    """Reject the treatment of a trial. In a watch it is no candidate, and a comparison of the live model with
    itself changes none."""
    if comparison.purpose == Purpose.TRIAL:
        treatment = work.models.get(comparison.treatment_id)
        registry.reject(work, treatment, by=by, reason=reason, evidence=evidence or {})


def _forgotten(model: ModelRecord) -> str:
    number = must_forget(model)
    votes = "a vote that was" if number == 1 else f"{number} votes that were"
    return f"Version {model.version} learned from {votes} deleted with a user or a document."
