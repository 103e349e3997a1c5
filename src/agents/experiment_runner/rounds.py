"""What moves comparisons on: ratings, candidates, and a regular look at the guardrails."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from src.core.context import Context
from src.core.messages.experiments import GateJob, Method
from src.core.messages.models import ModelState
from src.core.messages.training import TrainJob
from src.database.models import ExperimentRecord
from src.database.repositories.forgetting import must_forget
from src.database.repositories.gating import candidates, collections_with_candidates, gate_jobs
from src.database.repositories.trials import (
    collections_in_the_loop,
    experiments_of,
    running_experiments,
)
from src.database.uow import Database, UnitOfWork

from .forgetting import leave
from .gatekeeping import bring_again
from .looks import Looks
from .splits import SplitLooks
from .trials import Trials
from .votes import record_vote

_TRAINER = TrainJob.model_fields["trainer"].default
"""What votes set off by themselves; what a person asks for beside it, and does not get, changes nothing."""


@dataclass(frozen=True)
class Rounds:
    """Each round is one transaction that holds the collection: a vote, the look that it makes due and what
    follows from that are kept together or not at all."""

    database: Database
    trials: Trials
    looks: Looks
    splits: SplitLooks

    def weigh(self, rating_ids: Iterable[str], ctx: Context) -> None:
        """Bring the votes of these ratings to what the ratings say now, and look.

        A rating that was taken back took its vote with it."""
        with self.database.begin(ctx) as work:
            for experiment_id, ids in experiments_of(work.session, rating_ids).items():
                record = _held(work, experiment_id)
                if record.method == Method.INTERLEAVING:
                    for rating_id in ids:
                        record_vote(work, record, rating_id)
                self._judge(record).look(work, record, by=ctx.caller.username)
            work.commit()

    def arrange(self, collection_id: str, ctx: Context) -> None:
        with self.database.begin(ctx) as work:
            work.collections.hold(collection_id, alone=True)
            self.trials.arrange(work, collection_id, by=ctx.caller.username)
            work.commit()

    def forget(self, run_id: str, ctx: Context) -> None:
        """Have the live model go where it must, and a training run made nothing that may take its place."""
        policy = self.trials.policy
        if not (policy.learning and policy.automatic):
            return
        with self.database.begin(ctx) as work:
            run = work.training_runs.find(run_id)
            live = work.models.live(run.collection_id) if run is not None else None
            if run is None or live is None or run.trainer != _TRAINER:
                return
            if must_forget(live) > int(run.configuration.get("votes_gone", 0)):
                return
            work.collections.hold(run.collection_id, alone=True)
            model = work.models.find(run.model_id) if run.model_id else None
            if model is not None and model.state not in (ModelState.CANDIDATE, ModelState.REJECTED):
                return
            why = (model.reason if model is not None else run.reason) or "none was made."
            if leave(work, live, by=ctx.caller.username, why=why) is not None:
                self.trials.arrange(work, run.collection_id, by=ctx.caller.username)
            work.commit()

    def prove(self, model_id: str, collection_id: str, ctx: Context) -> None:
        """Bring a candidate to the gate, unless it is on its way there."""
        with self.database.begin(ctx) as work:
            work.collections.hold(collection_id, alone=True)
            jobs = gate_jobs(work.session, collection_id)
            if not any(job.finished_at is None and job.payload["model_id"] == model_id for job in jobs):
                work.enqueue(GateJob(model_id=model_id), collection_id=collection_id)
            work.commit()

    def prove_again(self, ctx: Context) -> None:
        """Bring candidates to the gate that wait for more data, or whose attempt failed."""
        if not self.trials.policy.learning:
            return
        with self.database.read() as reading:
            waiting = collections_with_candidates(reading.session)
        _each(
            (f"the candidates of collection {key}", partial(self._prove_again, key, ctx)) for key in waiting
        )

    def _prove_again(self, collection_id: str, ctx: Context) -> None:
        with self.database.begin(ctx) as work:
            work.collections.hold(collection_id, alone=True)
            found = candidates(work.session, collection_id)
            if found:
                bring_again(work, work.models.live(collection_id), found, by=ctx.caller.username)
            work.commit()

    def guard(self, ctx: Context) -> None:
        """Check the guardrails of what runs, and have what is due run: also what another policy left, or
        nobody told of."""
        with self.database.read() as reading:
            running = [record.id for record in running_experiments(reading.session)]
            waiting = collections_in_the_loop(reading.session)
        _each(
            (
                *((f"experiment {key}", partial(self._guard, key, ctx)) for key in running),
                *((f"collection {key}", partial(self.arrange, key, ctx)) for key in waiting),
            )
        )

    def _guard(self, experiment_id: str, ctx: Context) -> None:
        """What the guardrails go by takes a while to read: nobody is held up until there is cause."""
        with self.database.read() as reading:
            record = reading.experiments.find(experiment_id)
            if record is None or not self._judge(record).alarmed(reading, record, self.database.clock.now()):
                return
        with self.database.begin(ctx) as work:
            if work.experiments.find(experiment_id) is not None:
                record = _held(work, experiment_id)
                self._judge(record).guard(work, record, by=ctx.caller.username)
                work.commit()

    def _judge(self, record: ExperimentRecord) -> Looks | SplitLooks:
        return self.splits if record.method == Method.AB else self.looks


def _each(rounds: Iterable[tuple[str, Callable[[], None]]]) -> None:
    """Make every round, by name: the trouble of one is not that of the others."""
    failures = []
    for name, round_ in rounds:
        try:
            round_()
        except Exception as error:  # noqa: BLE001 - told together, after all were made
            error.add_note(f"in the round of {name}")
            failures.append(error)
    if failures:
        raise ExceptionGroup("some rounds failed and are repeated; the others were made", failures)


def _held(work: UnitOfWork, experiment_id: str) -> ExperimentRecord:
    """The experiment as it is now that nobody else changes its collection."""
    record = work.experiments.get(experiment_id)
    work.collections.hold(record.collection_id, alone=True)
    work.session.refresh(record)
    return record
