"""Which of the votes that a model learned from are still given."""

from __future__ import annotations

from sqlalchemy import func, or_, select

from src.database.models import ExampleRecord, RatingRecord
from src.database.uow import Work

from .votes import Origin


def gone_votes(work: Work, dataset_id: str | None) -> int:
    """How many of the readers' votes that a data set took are deleted, retracted, set apart or turned
    round since: their examples go with them, so that the count that the data set kept says how many."""
    dataset = work.datasets.find(dataset_id) if dataset_id else None
    if dataset is None:
        return 0
    still = (
        select(func.count())
        .select_from(ExampleRecord)
        .join(RatingRecord, RatingRecord.id == ExampleRecord.rating_id)
        .where(
            ExampleRecord.dataset_id == dataset.id,
            ExampleRecord.excluded.is_(None),
            RatingRecord.state == "counted",
            or_(
                ExampleRecord.origin == Origin.CORRECTION.value,
                (RatingRecord.verdict == "up") == (ExampleRecord.label > 0),
            ),
        )
    )
    return max(0, int(dataset.counts.get("of_readers", 0)) - int(work.session.scalar(still) or 0))
