"""Which candidates come to the gate again: another model went live, there is more to measure them on, or the
attempt before failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from src.core.jobs import JobState
from src.core.messages.experiments import GateJob
from src.core.messages.indexes import RebuildIndexesJob
from src.database.models import JobRecord, ModelChangeRecord, ModelRecord
from src.database.repositories.gating import gate_jobs, index_jobs, measurable, passed_models
from src.database.uow import UnitOfWork, Work
from src.services import registry

from .proofs import Outcome

GROWTH, LEAST_MORE = 1.5, 20
"""How many more rated questions make it worth while to ask again."""
_FIRST = timedelta(minutes=30)
_ATTEMPTS = 6
_PATIENCE = timedelta(minutes=10)
"""After this a candidate that nothing is under way for was forgotten."""


def compared_with(work: Work, model: ModelRecord) -> str | None:
    """The id of the model that the gate compared this one with; None where it never was at the gate."""
    change = _decision(work, model)
    return str(change.evidence["against_id"]) if change is not None else None


def is_open(work: Work, model: ModelRecord) -> bool:
    """Whether the gate could not tell that a model is better, and left it to readers. One that came to its
    place without a gate was put there by somebody who knows why."""
    change = _decision(work, model)
    return change is not None and change.evidence.get("outcome") == Outcome.OPEN


def compare_again(work: UnitOfWork, live: ModelRecord, waiting: Sequence[ModelRecord], *, by: str) -> None:
    """Have the newest of the gated models compared with what is live now, where it was compared with another
    one; those before it are put aside. A promotion by a person or without a gate is nobody's evidence, so
    that a model that never was at the gate stays as it is. Other passages, which somebody proposed and which
    learn from no votes, make room for nothing that does."""
    proposed = [model for model in waiting if model.kind == registry.CHUNKER]
    _compare_again(work, live, proposed, by=by)
    _compare_again(work, live, [model for model in waiting if model not in proposed], by=by)


def _compare_again(work: UnitOfWork, live: ModelRecord, waiting: Sequence[ModelRecord], *, by: str) -> None:
    outdated = [model for model in waiting if compared_with(work, model) not in (None, live.id)]
    for place, model in enumerate(outdated):
        if place == 0 and model is waiting[0]:
            reason = (
                f"Version {live.version} went live since it passed the gate: it has to beat that one now."
            )
            work.models.change(model, "candidate", by=by, reason=reason, evidence={}, at=work.now())
            work.enqueue(GateJob(model_id=model.id), collection_id=model.collection_id)
        else:
            reason = f"Version {waiting[0].version}, trained later, is proved in its place."
            registry.reject(work, model, by=by, reason=reason, evidence={"newer_id": waiting[0].id})


def bring_again(
    work: UnitOfWork, live: ModelRecord | None, candidates: Sequence[ModelRecord], *, by: str
) -> None:
    """Of the candidates of a collection, the newest first, bring those to the gate again for which that is
    due. Those of a trainer that there was not enough data for make room for its newest, and for a later one
    that passed the gate: on how many questions votes speak for a candidate is settled by its run."""
    jobs = gate_jobs(work.session, candidates[0].collection_id)
    newest: dict[Any, ModelRecord] = {}
    passed = {_trainer(model): model for model in passed_models(work.session, candidates[0].collection_id)}
    for model in candidates:
        decision = _decision(work, model)
        later = passed.get(_trainer(model))
        lacks = decision is not None and decision.evidence.get("outcome") == Outcome.WAITING
        if lacks and later is not None and later.version > model.version:
            reason = f"Version {later.version}, trained later, passed the gate while it waited for more data."
            registry.reject(work, model, by=by, reason=reason, evidence={"newer_id": later.id})
            continue
        newer = newest.setdefault(_trainer(model), model) if decision is not None else model
        if newer is not model:
            reason = f"Version {newer.version}, trained later, waits for more data in its place."
            registry.reject(work, model, by=by, reason=reason, evidence={"newer_id": newer.id})
            continue
        since = decision.at if decision is not None else model.created_at
        mine = [job for job in jobs if job.payload["model_id"] == model.id and job.created_at >= since]
        if _given_up(work, model, mine, by=by):
            continue
        if not has_index(work, model):
            _build_again(work, model, by=by)
            continue
        if _is_due(work, live, model, decision, mine):
            work.enqueue(GateJob(model_id=model.id), collection_id=model.collection_id)


def _given_up(work: UnitOfWork, model: ModelRecord, jobs: Sequence[JobRecord], *, by: str) -> bool:
    """Say once of each failed attempt why the candidate still waits; after the last it is rejected."""
    last = jobs[-1] if jobs else None
    if last is None or last.state != JobState.FAILED:
        return False
    evidence = {"failed_job_id": last.id}
    if len(jobs) >= _ATTEMPTS:
        reason = f"The gate could not measure it in {len(jobs)} attempts: {last.error_detail}"
        registry.reject(work, model, by=by, reason=reason, evidence=evidence)
        return True
    if work.models.changes(model.id)[-1].evidence.get("failed_job_id") != last.id:
        reason = f"The gate could not measure it and tries again later: {last.error_detail}"
        work.models.change(model, "candidate", by=by, reason=reason, evidence=evidence, at=work.now())
    return False


def _build_again(work: UnitOfWork, model: ModelRecord, *, by: str) -> None:
    """Have the index built that a candidate ranks, where an attempt failed or it is there no more; after the
    last attempt the candidate is rejected. One that a person cancelled stays so."""
    jobs = index_jobs(work.session, model.collection_id, model.embedding_version, model.cutting)
    mine = [job for job in jobs if job.created_at >= model.changed_at or job.finished_at is None]
    last = mine[-1] if mine else None
    if last is None:
        due = work.now() >= model.changed_at + _PATIENCE
    elif last.finished_at is None or last.state == JobState.CANCELLED:
        due = False
    elif len(mine) >= _ATTEMPTS:
        reason = f"Its index could not be built in {len(mine)} attempts: {last.error_detail}"
        registry.reject(work, model, by=by, reason=reason, evidence={"failed_job_id": last.id})
        return
    else:
        due = work.now() >= last.finished_at + _FIRST * (1 << len(mine) - 1)
    if due:
        spec = RebuildIndexesJob(
            collection_id=model.collection_id,
            embedding_version=model.embedding_version,
            cutting=model.cutting,
            switch=False,
        )
        work.enqueue(spec, collection_id=model.collection_id)


def _trainer(model: ModelRecord) -> str:
    return str(model.card.get("trainer", model.kind))


def _decision(work: Work, model: ModelRecord) -> ModelChangeRecord | None:
    """What the gate answered last."""
    found = [change for change in work.models.changes(model.id) if "against_id" in change.evidence]
    return found[-1] if found else None


def has_index(work: Work, model: ModelRecord) -> bool:
    """Whether what it ranks is there. The index that is whole tells of its candidates by itself."""
    named = model.embedding_version is not None or model.cutting is not None
    return not named or work.indexes.ranked_by(model) is not None


def _is_due(
    work: UnitOfWork,
    live: ModelRecord | None,
    model: ModelRecord,
    decision: ModelChangeRecord | None,
    jobs: Sequence[JobRecord],
) -> bool:
    """``jobs`` are the attempts since the gate's last answer, in order."""
    if any(job.finished_at is None for job in jobs):
        return False
    if jobs:
        ended = jobs[-1].finished_at or work.now()
        pause = _FIRST * (1 << len(jobs) - 1)
        return jobs[-1].state != JobState.CANCELLED and work.now() >= ended + pause
    if decision is None:
        return work.now() >= model.created_at + _PATIENCE
    if live is not None and decision.evidence["against_id"] != live.id:
        return True
    had: Mapping[str, int] = decision.evidence.get("measured_on", {})
    has = measurable(work.session, model.collection_id)
    rated = had.get("rated", 0)
    return has["golden"] != had.get("golden", 0) or has["rated"] >= max(rated + LEAST_MORE, GROWTH * rated)
