"""When a collection is trained on without being asked to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from src.core.messages.training import TrainJob
from src.database.models import TrainingRunRecord
from src.database.repositories.forgetting import collections_with_learned_models
from src.database.repositories.remembering import counted_ups
from src.database.uow import UnitOfWork, Work

from .lineage import forgotten_by_live, gone_votes
from .trainers import LadderTrainer


@dataclass(frozen=True)
class TrainingPolicy:
    """Train from ``first`` counted up-votes, then each time they have grown by ``growth`` or by ``step``,
    whichever is more: fewer teach a ranker nothing that can be measured. Also train when votes that were
    trained on are gone. ``pause_s`` lies between two runs."""

    automatic: bool = True
    first: int = 50
    growth: float = 0.25
    step: int = 50
    pause_s: float = 900.0

    def due(self, work: Work, now: datetime) -> dict[str, str]:
        """The collections to train on now, each with the reason."""
        if not self.automatic:
            return {}
        ups = dict.fromkeys(collections_with_learned_models(work.session), 0) | counted_ups(work.session)
        reasons = {key: self._reason(work, key, count, now) for key, count in sorted(ups.items())}
        return {key: why for key, why in reasons.items() if why is not None}

    def due_by_votes(self, work: Work, collection_id: str, now: datetime) -> str | None:
        """Why to train on a collection now that it has one more vote; None where it need not be."""
        if not self.automatic:
            return None
        ups = counted_ups(work.session, collection_id).get(collection_id, 0)
        return self._grown(work, collection_id, ups, now)

    def enqueue(self, work: UnitOfWork, collection_id: str, why: str) -> None:
        """Queue a run, unless one of the collection is on its way."""
        work.collections.hold(collection_id, alone=True)
        if work.jobs.open(TrainJob.kind, collection_id=collection_id) is None:
            work.enqueue(TrainJob(collection_id=collection_id, why=why), collection_id=collection_id)

    def _reason(self, work: Work, collection_id: str, ups: int, now: datetime) -> str | None:
        grown = self._grown(work, collection_id, ups, now)
        last = work.training_runs.newest(collection_id, LadderTrainer.name)
        if grown is not None or last is None or not self._rested(work, last, now):
            return grown
        gone = gone_votes(work, last.dataset_id) if last.model_id else 0
        live = forgotten_by_live(work, collection_id)
        # A run that was made since tells by how many it was: what came of it waits for its proof.
        gone = max(gone, live if live > int(last.configuration.get("votes_gone", 0)) else 0)
        return f"{gone} of the votes that were trained on are gone" if gone else None

    def _grown(self, work: Work, collection_id: str, ups: int, now: datetime) -> str | None:
        if ups < self.first:
            return None
        last = work.training_runs.newest(collection_id, LadderTrainer.name)
        if last is None:
            waits = work.jobs.open(TrainJob.kind, collection_id=collection_id) is not None
            return None if waits else f"{ups} up-votes; the first run is due at {self.first}"
        before = int(last.configuration["up_votes"])
        enough = before + max(1, self.step, round(self.growth * before))
        if ups < max(self.first, enough) or not self._rested(work, last, now):
            return None
        return f"{ups} up-votes, {ups - before} more than at the last run"

    def _rested(self, work: Work, last: TrainingRunRecord, now: datetime) -> bool:
        """Whether the last run lies far enough back, and none is on its way."""
        if last.finished_at is None or now < last.finished_at + timedelta(seconds=self.pause_s):
            return False
        return work.jobs.open(TrainJob.kind, collection_id=last.collection_id) is None
