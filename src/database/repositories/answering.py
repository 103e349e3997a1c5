"""By which settings a collection's questions are answered, and which others are tried."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session, aliased

from src.database.models import ExperimentRecord, ModelRecord

from .base import chunks


@dataclass(frozen=True)
class Answering:
    """The live way to answer, and the comparison that runs against it, where one does."""

    live_id: str
    live_card: dict[str, Any]
    experiment_id: str | None
    share: float
    treatment_id: str | None
    treatment_card: dict[str, Any] | None


_TREATMENT = aliased(ModelRecord)


def answering_in(session: Session, collection_ids: Collection[str]) -> dict[str, Answering]:
    """By collection; one where nothing but the configuration was ever used has none. A comparison whose
    control is not the live way any more is over, whatever its record says yet."""
    query = (
        select(
            ModelRecord.collection_id,
            ModelRecord.id,
            ModelRecord.card,
            ExperimentRecord.id,
            ExperimentRecord.share,
            _TREATMENT.id,
            _TREATMENT.card,
        )
        .outerjoin(
            ExperimentRecord,
            and_(
                ExperimentRecord.control_id == ModelRecord.id,
                ExperimentRecord.method == "ab",
                ExperimentRecord.state == "running",
            ),
        )
        .outerjoin(_TREATMENT, _TREATMENT.id == ExperimentRecord.treatment_id)
        .where(ModelRecord.role == "answering", ModelRecord.state == "live")
    )
    found: dict[str, Answering] = {}
    for part in chunks(sorted(collection_ids)):
        for row in session.execute(query.where(ModelRecord.collection_id.in_(part))):
            collection_id, live_id, live_card, experiment_id, share, treatment_id, treatment_card = row
            if treatment_card is None:
                experiment_id = None
            found[collection_id] = Answering(
                live_id, live_card, experiment_id, share or 0.0, treatment_id, treatment_card
            )
    return found
