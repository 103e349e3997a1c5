"""What people do with comparisons: look at them, start one, stop one."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from src.core.context import Context
from src.core.errors import ConflictError
from src.core.messages import Page
from src.core.messages.experiments import (
    Experiment,
    GetExperiment,
    ListExperiments,
    Purpose,
    StartExperiment,
    StopExperiment,
)
from src.core.messages.models import ModelState
from src.database.grants import scope_of
from src.database.models import ExperimentRecord, ModelRecord
from src.database.repositories.trials import waiting_models
from src.database.uow import Database, UnitOfWork, Work
from src.services import registry

from .progress import progress_of
from .trials import STOPPED, SUPERSEDED, Trials
from .views import experiment_view

_TRIABLE = {ModelState.CANDIDATE, ModelState.GATED, ModelState.TRIAL, ModelState.RETIRED}


class Experiments:
    """The comparisons of the collections, by a person's hand."""

    def __init__(self, database: Database, trials: Trials) -> None:
        self._database = database
        self._trials = trials

    def page(self, request: ListExperiments, ctx: Context) -> Page[Experiment]:
        asked = (request.collection_id,) if request.collection_id else None
        with self._database.read() as work:
            scope = scope_of(work, ctx.caller, asked)
            records, cursor = work.experiments.page(
                scope.collection_ids, request.state, limit=request.limit, cursor=request.cursor
            )
            return Page[Experiment](items=tuple(map(experiment_view, records)), next=cursor)

    def one(self, request: GetExperiment) -> Experiment:
        return self._view(request.experiment_id)

    def start(self, request: StartExperiment, ctx: Context) -> Experiment:
        """Raises ConflictError where a trial runs already, or there is no model to try."""
        by = ctx.caller.username
        with self._database.begin(ctx) as work:
            work.collections.hold(request.collection_id, alone=True)
            live = registry.live_model(work, request.collection_id)
            purpose = Purpose.AA if request.aa else Purpose.TRIAL
            treatment = live if request.aa else _candidate(work, request)
            running = work.experiments.running(request.collection_id)
            if running is not None:
                if running.purpose == Purpose.TRIAL:
                    raise ConflictError("A trial is running in this collection; stop it, or let it end.")
                self._trials.end(work, running, SUPERSEDED, f"{by} started another comparison.", by=by)
            record = self._trials.start(
                work, live, treatment, purpose, by=by, share=request.share, asked=True
            )
            work.commit()
        return self._view(record.id)

    def stop(self, request: StopExperiment, ctx: Context) -> Experiment:
        by = ctx.caller.username
        reason = request.reason or f"Stopped by {by}."
        with self._database.begin(ctx) as work:
            work.collections.hold(work.experiments.get(request.experiment_id).collection_id, alone=True)
            record = work.experiments.get(request.experiment_id)
            work.session.refresh(record)
            if record.state != "running":
                raise ConflictError("This comparison has ended already.")
            self._trials.end(work, record, STOPPED, reason, by=by)
            if record.purpose == Purpose.TRIAL:
                treatment = work.models.get(record.treatment_id)
                evidence = {"experiment_id": record.id}
                registry.reject(work, treatment, by=by, reason=reason, evidence=evidence)
            self._trials.arrange(work, record.collection_id, by=by)
            work.commit()
        return self._view(request.experiment_id)

    def _view(self, experiment_id: str) -> Experiment:
        with self._database.read() as work:
            record = work.experiments.get(experiment_id)
            return experiment_view(record, _progress(work, record))


def _progress(work: Work, record: ExperimentRecord) -> dict[str, Any]:
    return asdict(progress_of(work, record))


def _candidate(work: UnitOfWork, request: StartExperiment) -> ModelRecord:
    if request.model_id is None:
        waiting = waiting_models(work.session, request.collection_id)
        if not waiting:
            raise ConflictError("No model of this collection has passed the gate; name one to try it.")
        return waiting[0]
    model = work.models.get(request.model_id)
    if model.collection_id != request.collection_id:
        raise ConflictError("The model ranks another collection.")
    if model.state not in _TRIABLE:
        raise ConflictError(f"Version {model.version} is {model.state} and cannot be tried.")
    return model
