"""What people do with comparisons: look at them, start one, stop one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from src.core.context import Context
from src.core.errors import ConflictError, InvalidRequestError
from src.core.messages import Page
from src.core.messages.answering import AnySetting
from src.core.messages.experiments import (
    Experiment,
    ExperimentPlan,
    GetExperiment,
    GuardrailState,
    ListExperiments,
    Method,
    PlanExperiment,
    Purpose,
    StartExperiment,
    StopExperiment,
)
from src.core.messages.models import ModelRole, ModelState
from src.database.grants import scope_of
from src.database.models import ExperimentRecord, ModelRecord
from src.database.repositories.trials import versions_of, waiting_models
from src.database.uow import Database, UnitOfWork, Work
from src.services import registry
from src.services.evaluation.guardrails import Breach
from src.services.evaluation.sequential import DecisionRule

from .guards import breaches
from .progress import progress_of
from .rules import power_of
from .splits import Splits
from .splits import figures as split_figures
from .splits import guards as split_guards
from .splits.planning import power_of as split_power_of
from .trials import STOPPED, SUPERSEDED, Trials
from .views import experiment_view
from .weighing import Weighing

_TRIABLE = {ModelState.CANDIDATE, ModelState.GATED, ModelState.TRIAL, ModelState.RETIRED}


class Experiments:
    """The comparisons of the collections, by a person's hand."""

    def __init__(self, database: Database, trials: Trials, splits: Splits, weighing: Weighing) -> None:
        self._database = database
        self._weighing = weighing
        self._trials = trials
        self._splits = splits

    def page(self, request: ListExperiments, ctx: Context) -> Page[Experiment]:
        asked = (request.collection_id,) if request.collection_id else None
        with self._database.read() as work:
            scope = scope_of(work, ctx.caller, asked)
            records, cursor = work.experiments.page(
                scope.collection_ids, request.state, limit=request.limit, cursor=request.cursor
            )
            return Page[Experiment](items=_listed(work, records, self._database.clock.now()), next=cursor)

    def one(self, request: GetExperiment) -> Experiment:
        return self._view(request.experiment_id)

    def plan(self, request: PlanExperiment) -> ExperimentPlan:
        """What is said before a start, of a comparison that nobody has started."""
        now = self._database.clock.now()
        with self._database.read() as work:
            collection = work.collections.get(request.collection_id)
            if request.method is Method.AB:
                power = split_power_of(work, collection, request.share, now)
            else:
                power = power_of(work, collection, DecisionRule(), request.share, now)
        return ExperimentPlan.model_validate(power)

    def start(self, request: StartExperiment, ctx: Context) -> Experiment:
        """Raises ConflictError where a trial runs already, or there is no model to try; InvalidRequestError
        where it is not said clearly what to compare."""
        by = ctx.caller.username
        begin = self._start_split if request.method is Method.AB else self._start_trial
        with self._database.begin(ctx) as work:
            work.collections.hold(request.collection_id, alone=True)
            record = begin(work, request, by)
            work.commit()
        return self._view(record.id)

    def _start_trial(self, work: UnitOfWork, request: StartExperiment, by: str) -> ExperimentRecord:
        if request.variant is not None:
            raise InvalidRequestError("Settings of answers are compared by the method ab.")
        if sum((request.aa, request.weights is not None, request.model_id is not None)) > 1:
            raise InvalidRequestError("Name what to compare: weights, a model_id, or aa, one of the three.")
        live = registry.live_model(work, request.collection_id)
        purpose = Purpose.AA if request.aa else Purpose.TRIAL
        running = work.experiments.running(request.collection_id)
        if running is not None:
            if running.purpose != Purpose.WATCH:
                what = "An equal against equal" if running.purpose == Purpose.AA else "A trial"
                raise ConflictError(f"{what} is running in this collection; stop it, or let it end.")
            self._trials.end(work, running, SUPERSEDED, f"{by} started another comparison.", by=by)
        if request.weights is not None:
            treatment = self._weighing.made(work, live, request.weights, by=by)
        else:
            treatment = live if request.aa else _candidate(work, request)
        return self._trials.start(work, live, treatment, purpose, by=by, share=request.share, asked=True)

    def _start_split(self, work: UnitOfWork, request: StartExperiment, by: str) -> ExperimentRecord:
        if request.weights is not None:
            raise InvalidRequestError("Weights are of rankings: compare them by interleaving.")
        named = [request.aa, request.variant is not None, request.model_id is not None]
        if sum(named) != 1:
            raise InvalidRequestError("Name what to compare: a variant, a model_id, or aa, one of the three.")
        live = registry.live_model(work, request.collection_id, ModelRole.ANSWERING)
        running = work.experiments.running(request.collection_id, Method.AB)
        if running is not None:
            if running.purpose != Purpose.WATCH:
                raise ConflictError(
                    "Answers are being compared in this collection already; stop that, or let it end."
                )
            self._trials.end(work, running, SUPERSEDED, f"{by} started another comparison.", by=by)
        if request.aa:
            return self._splits.start(work, live, live, Purpose.AA, by=by, share=request.share)
        if request.variant is not None:
            self._check(request.variant)
            treatment = self._splits.variant(work, live, request.variant, by=by)
        else:
            treatment = _named(work, request, ModelRole.ANSWERING)
        return self._splits.start(work, live, treatment, Purpose.TRIAL, by=by, share=request.share)

    def _check(self, variant: tuple[AnySetting, ...]) -> None:
        if not self._trials.policy.generates and all(setting.generates for setting in variant):
            named = " and ".join(setting.kind for setting in variant)
            raise InvalidRequestError(
                f"Answers are extracts here, so another {named} changes nothing; configure a language model "
                "first (STOA_LLM)."
            )

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
            arranges = self._splits if record.method == Method.AB else self._trials
            arranges.arrange(work, record.collection_id, by=by)
            work.commit()
        return self._view(request.experiment_id)

    def _view(self, experiment_id: str) -> Experiment:
        with self._database.read() as work:
            record = work.experiments.get(experiment_id)
            now = self._database.clock.now()
            versions = versions_of(work.session, (record.control_id, record.treatment_id))
            shown = experiment_view(record, versions, _progress(work, record, now))
            return shown.model_copy(update=_BESIDES[Method(record.method)](work, record, now))


def _listed(work: Work, records: Sequence[ExperimentRecord], now: datetime) -> tuple[Experiment, ...]:
    versions = versions_of(
        work.session, [key for one in records for key in (one.control_id, one.treatment_id)]
    )
    return tuple(
        experiment_view(one, versions, _progress(work, one, now) if one.state == "running" else None)
        for one in records
    )


def _progress(work: Work, record: ExperimentRecord, now: datetime) -> dict[str, Any]:
    if record.method == Method.AB:
        return asdict(split_figures.progress_of(work, record, now))
    return asdict(progress_of(work, record, now))


def _of_lists(work: Work, record: ExperimentRecord, now: datetime) -> dict[str, Any]:
    if record.state != "running" or record.purpose == Purpose.WATCH:
        return {}
    return {"guardrails": _states(breaches(work, record, now))}


def _of_answers(work: Work, record: ExperimentRecord, now: datetime) -> dict[str, Any]:
    arms, split = split_figures.arms_of(work, record)
    guardrails = _states(split_guards.breaches(work, record, now))
    return {"arms": arms, "split": split, "guardrails": guardrails}


def _states(found: Sequence[Breach]) -> tuple[GuardrailState, ...]:
    return tuple(GuardrailState(name=one.guardrail, stop=one.stop, sentence=one.sentence) for one in found)


_BESIDES: dict[Method, Callable[[Work, ExperimentRecord, datetime], dict[str, Any]]] = {
    Method.INTERLEAVING: _of_lists,
    Method.AB: _of_answers,
}


def _candidate(work: UnitOfWork, request: StartExperiment) -> ModelRecord:
    if request.model_id is None:
        waiting = waiting_models(work.session, request.collection_id)
        if not waiting:
            raise ConflictError("No model of this collection has passed the gate; name one to try it.")
        return waiting[0]
    return _named(work, request, ModelRole.RANKING)


def _named(work: UnitOfWork, request: StartExperiment, role: ModelRole) -> ModelRecord:
    model = work.models.get(request.model_id or "")
    if model.collection_id != request.collection_id:
        raise ConflictError("The model is of another collection.")
    if model.role != role:
        how = (
            "says how to answer: compare it by ab"
            if role is ModelRole.RANKING
            else "ranks: compare it by interleaving"
        )
        raise ConflictError(f"Version {model.version} {how}.")
    if model.state not in _TRIABLE:
        raise ConflictError(f"Version {model.version} is {model.state} and cannot be tried.")
    return model
