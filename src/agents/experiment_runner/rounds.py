"""What moves comparisons on: ratings, candidates, and a regular look at the guardrails."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from src.core.context import Context
from src.database.models import ExperimentRecord
from src.database.repositories.trials import (
    collections_with_waiting_models,
    experiments_of,
    running_experiments,
)
from src.database.uow import Database, UnitOfWork

from .looks import Looks
from .trials import Trials
from .votes import record_vote


@dataclass(frozen=True)
class Rounds:
    """Each round is one transaction that holds the collection: a vote, the look that it makes due and what
    follows from that are kept together or not at all."""

    database: Database
    trials: Trials
    looks: Looks

    def weigh(self, rating_ids: Iterable[str], ctx: Context) -> None:
        """Bring the votes of these ratings to what the ratings say now, and look.

        A rating that was taken back took its vote with it."""
        with self.database.begin(ctx) as work:
            for experiment_id, ids in experiments_of(work.session, rating_ids).items():
                record = _held(work, experiment_id)
                for rating_id in ids:
                    record_vote(work, record, rating_id)
                self.looks.look(work, record, by=ctx.caller.username)
            work.commit()

    def arrange(self, collection_id: str, ctx: Context) -> None:
        with self.database.begin(ctx) as work:
            work.collections.hold(collection_id, alone=True)
            self.trials.arrange(work, collection_id, by=ctx.caller.username)
            work.commit()

    def guard(self, ctx: Context) -> None:
        """Check the guardrails of what runs, and start what waits for no reason."""
        with self.database.read() as reading:
            running = [record.id for record in running_experiments(reading.session)]
            waiting = collections_with_waiting_models(reading.session)
        for experiment_id in running:
            with self.database.begin(ctx) as work:
                self.looks.guard(work, _held(work, experiment_id), by=ctx.caller.username)
                work.commit()
        for collection_id in waiting:
            self.arrange(collection_id, ctx)


def _held(work: UnitOfWork, experiment_id: str) -> ExperimentRecord:
    """The experiment as it is now that nobody else changes its collection."""
    record = work.experiments.get(experiment_id)
    work.collections.hold(record.collection_id, alone=True)
    work.session.refresh(record)
    return record
