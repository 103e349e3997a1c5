"""When the embedding model itself is tuned without being asked to: the last rung of the ladder."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from src.core.messages.training import RunState, TrainJob
from src.database.models import TrainingRunRecord
from src.database.repositories.remembering import counted_ups
from src.database.uow import UnitOfWork, Work

from .full import FullTrainer
from .lineage import gone_votes

_SHORT_SHARE = 2
_LITTLE = 0.1


@dataclass(frozen=True)
class TuningPolicy:
    """Tune from ``first`` counted up-votes, or half of them where passages have at most ``short`` characters
    on average; then each time the votes have grown by ``growth`` or some that were tuned on are gone, with
    ``pause_s`` between two runs of a collection. One run at a time in all: it takes a core and gigabytes.

    Where torch is not installed one run is queued all the same, and refused, so that it says once what is
    missing; it is made up for as soon as torch is there.
    """

    automatic: bool = True
    first: int = 500
    short: int = 400
    growth: float = 0.5
    pause_s: float = 86_400.0

    def due(self, work: Work, now: datetime, *, available: bool) -> dict[str, str]:
        """The collections to tune on now, each with the reason; ``available`` tells whether it can be done
        here."""
        if not self.automatic:
            return {}
        ups = counted_ups(work.session)
        reasons = {key: self._reason(work, key, count, now, available) for key, count in sorted(ups.items())}
        return {key: why for key, why in reasons.items() if why is not None}

    def enqueue(self, work: UnitOfWork, collection_id: str, why: str) -> bool:
        """Queue a run, unless one of the collection, or one of this kind, is on its way."""
        work.collections.hold(collection_id, alone=True)
        for job in work.jobs.all_open(TrainJob.kind):
            if job.collection_id == collection_id or job.payload.get("trainer") == FullTrainer.name:
                return False
        spec = TrainJob(collection_id=collection_id, trainer=FullTrainer.name, why=why)
        work.enqueue(spec, collection_id=collection_id)
        return True

    def _reason(self, work: Work, collection_id: str, ups: int, now: datetime, available: bool) -> str | None:
        if ups < self.first // _SHORT_SHARE:
            return None
        last = work.training_runs.newest(collection_id, FullTrainer.name)
        if last is None or _was_unavailable(last):
            return self._first(work, collection_id, ups) if last is None or available else None
        if last.finished_at is None or now < last.finished_at + timedelta(seconds=self.pause_s):
            return None
        before = int(last.configuration["up_votes"])
        # One that was refused for too few votes has tuned on none of them.
        growth = _LITTLE if last.state == RunState.REFUSED else self.growth
        if ups >= before * (1 + growth) and ups > before:
            return f"{ups} up-votes, {ups - before} more than when the embedding model was last tuned"
        gone = gone_votes(work, last.dataset_id) if last.model_id else 0
        return f"{gone} of the votes that the embedding model was tuned on are gone" if gone else None

    def _first(self, work: Work, collection_id: str, ups: int) -> str | None:
        if ups >= self.first:
            return f"{ups} up-votes; the embedding model is tuned from {self.first}"
        length = work.passages.mean_length(collection_id)
        if length > self.short:
            return None
        return (
            f"{ups} up-votes; where passages are short ({length:.0f} characters on average) the embedding "
            f"model is tuned from {self.first // _SHORT_SHARE}"
        )


def _was_unavailable(run: TrainingRunRecord) -> bool:
    """Whether it was refused before it looked at the votes."""
    return run.state == RunState.REFUSED and run.dataset_id is None
