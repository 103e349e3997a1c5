"""Which old indexes stay ready for the way back, and which tuned models nothing can return to any more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from src.core.messages.indexes import RebuildIndexesJob, RepairIndexesJob
from src.database.models import EmbeddingRecord, IndexRecord
from src.database.uow import UnitOfWork, Work

_GRACE = timedelta(hours=1)
_DOCUMENTS = 200


@dataclass(frozen=True)
class Keeping:
    """An index on standby is kept ``seconds`` after it was switched from, ``most`` of them in a collection.

    One that an open model names, or whose collection is comparing models, is kept in any case; one of a
    tuned model that was rejected is not kept at all.
    """

    seconds: float
    most: int

    def outlived(self, work: Work, now: datetime) -> list[IndexRecord]:
        """The indexes to drop, of all collections."""
        needed, tried = work.models.needed_versions(), work.experiments.collections_tried()
        rejected = {record.version for record in work.embeddings.rejected()}
        kept: Counter[str] = Counter()
        found = []
        for index in sorted(work.indexes.in_state("standby"), key=_since, reverse=True):
            # What is compared with the live index, or named by a model, may have to take over yet.
            if index.collection_id in tried or any(_is_named(index, *named) for named in needed):
                continue
            kept[index.collection_id] += 1
            over = kept[index.collection_id] > self.most or now - _since(index) >= timedelta(
                seconds=self.seconds
            )
            if over or index.embedding_version in rejected:
                found.append(index)
        return found


def abandoned(work: Work, now: datetime) -> list[IndexRecord]:
    """The indexes that were begun and that nobody builds on: no job would, and no open model names them."""
    if any(work.jobs.open(kind) is not None for kind in (RebuildIndexesJob.kind, RepairIndexesJob.kind)):
        return []
    needed = work.models.needed_versions()
    return [
        index
        for index in work.indexes.in_state("building")
        if now - index.created_at >= _GRACE and not any(_is_named(index, *named) for named in needed)
    ]


def forgettable(work: Work, now: datetime) -> Sequence[EmbeddingRecord]:
    """The tuned embedding models that no index was made with and no model names that may still be chosen;
    not those that a run under way has just made."""
    busy = work.training_runs.collections_under_way()
    return [
        record
        for record in work.embeddings.unused()
        if now - record.created_at >= _GRACE and record.collection_id not in busy
    ]


def is_left(work: Work, collection_id: str, cutting: str) -> bool:
    """Whether a collection has no index of a cutting, and is not searched in it."""
    collection = work.collections.find(collection_id)
    held = {index.cutting for index in work.indexes.of(collection_id)}
    return collection is not None and cutting not in {collection.cutting, *held}


def forget_cutting(work: UnitOfWork, collection_id: str, cutting: str) -> None:
    """Remove what some documents have in a cutting that no index holds and nothing is searched in; where none
    is left, also what was cut and never noted.

    A document loses its row with its passages, so that an index that is made with this cutting again finds
    that it lacks them. No index is begun while the collection is held."""
    work.collections.hold(collection_id, alone=True)
    if not is_left(work, collection_id, cutting):
        return
    documents = work.cuts.forget(collection_id, cutting, _DOCUMENTS)
    work.passages.drop_cut(documents, cutting)
    if len(documents) < _DOCUMENTS:
        work.passages.drop_cutting(collection_id, cutting)


def _is_named(index: IndexRecord, collection_id: str, version: str | None, cutting: str | None) -> bool:
    return (
        index.collection_id == collection_id
        and version in (None, index.embedding_version)
        and cutting in (None, index.cutting)
    )


def _since(index: IndexRecord) -> datetime:
    return index.switched_at or index.created_at
