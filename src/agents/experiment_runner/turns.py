"""Which of the candidates that wait is tried next."""

from __future__ import annotations

from src.database.models import ExperimentRecord, ModelRecord
from src.database.repositories.trials import fruitless_trial, waiting_models
from src.database.uow import UnitOfWork
from src.services import registry
from src.services.evaluation.sequential import Decision

from .forgetting import reject_outdated
from .gatekeeping import is_open
from .takeover import GROWTH, more_votes, trained_on

_ENDS: dict[str | None, str] = {Decision.UNDECIDED: "showed no difference", Decision.REJECT: "was worse"}


def next_in_turn(work: UnitOfWork, live: ModelRecord, *, by: str) -> ModelRecord | None:
    """The newest model that passed the gate as better, or where there is none the newest of the others, if it
    is due; it replaces those before it.

    A model with an index of its own comes first: it is made seldom, and rankers that wait are compared with
    it if it goes live. It replaces those of its kind alone: a tuned model says nothing of other passages."""
    waiting = reject_outdated(work, waiting_models(work.session, live.collection_id), by=by)
    better = [model for model in waiting if not is_open(work, model)]
    turn = better or waiting
    if not turn:
        return None
    newest, *others = [model for model in turn if model.kind in registry.WITH_INDEX] or turn
    older = [model for model in others if model.kind == newest.kind]
    if newest.kind not in registry.WITH_INDEX:
        older = [
            each for each in waiting if each.version < newest.version and each.kind not in registry.WITH_INDEX
        ]
    for model in older:
        reason = f"Version {newest.version}, trained later, passed the gate before its turn."
        registry.reject(work, model, by=by, reason=reason, evidence={"newer_id": newest.id})
    return newest if better or _is_due(work, live, newest, by=by) else None


def _is_due(work: UnitOfWork, live: ModelRecord, model: ModelRecord, *, by: str) -> bool:
    """Whether a model that is about as good as the live one knows much more than the last one that was tried
    for nothing: else one hopeless trial would follow the other. What keeps it is said once."""
    trial = fruitless_trial(work.session, live.id)
    tried = work.models.find(trial.treatment_id) if trial is not None else None
    if trial is None or tried is None or not trained_on(tried) or more_votes(tried, model):
        return True
    if model.kind == registry.CHUNKER:  # it knows no votes, and somebody wants it tried
        return True
    if work.models.changes(model.id)[-1].evidence.get("waits_for") != trial.id:
        evidence = {"waits_for": trial.id}
        work.models.change(
            model, "gated", by=by, reason=_waits(model, trial, tried), evidence=evidence, at=work.now()
        )
    return False


def _waits(model: ModelRecord, trial: ExperimentRecord, tried: ModelRecord) -> str:
    had = trained_on(tried)
    ended = _ENDS.get(trial.decision, "was stopped")
    return (
        f"It waits: version {tried.version}, trained on {had} votes, was tried and {ended}. The next one "
        f"that is not clearly better offline is tried from {GROWTH * had:.0f} votes on; this one was trained "
        f"on {trained_on(model)}."
    )
