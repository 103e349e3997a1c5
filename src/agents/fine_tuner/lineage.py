"""Which of the votes that a model learned from are still given."""

from __future__ import annotations

from src.database.repositories.forgetting import gone_examples, gone_from_model
from src.database.uow import Work


def gone_votes(work: Work, dataset_id: str | None) -> int:
    """How many of the examples that a data set took do not hold any more."""
    dataset = work.datasets.find(dataset_id) if dataset_id else None
    return gone_examples(work.session, dataset) if dataset is not None else 0


def forgotten_by_live(work: Work, collection_id: str) -> int:
    """How many of the examples that the live model learned from do not hold any more."""
    return gone_from_model(work.session, work.models.live(collection_id))
