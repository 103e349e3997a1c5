"""Pausing a comparison for what may be no model's fault, and going on with it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from src.database.models import ExperimentRecord
from src.database.uow import UnitOfWork

from .guards import ENOUGH, baseline

PAUSED = "paused"
_FIRST_S = 1800.0
_DOUBLINGS = 5


def paused_until(record: ExperimentRecord) -> datetime | None:
    """When a paused comparison goes on; None where it is not paused. Each pause is twice as long as the one
    before, up to 32 times the first."""
    pauses = _pauses(record)
    if record.state != "running" or record.share > 0 or not pauses:
        return None
    doublings = min(len(pauses) - 1, _DOUBLINGS)
    first = timedelta(seconds=record.rule.get("pause_s", _FIRST_S))
    return datetime.fromisoformat(pauses[-1]["at"]) + first * (1 << doublings)


def pause(record: ExperimentRecord) -> None:
    """Interleave no more for a while. The votes so far are kept: what they say does not depend on it."""
    record.share = 0.0


def go_on(work: UnitOfWork, record: ExperimentRecord) -> None:
    """Interleave again, compared from now on with how things stood during the pause, as far as enough
    happened in it."""
    # Votes on lists that were shown before may have made a look due since.
    begun = datetime.fromisoformat(_pauses(record)[-1]["at"])
    before: dict[str, Any] = record.rule["guardrails"]
    found = baseline(work, record.collection_id, work.now(), begun)
    record.rule = {**record.rule, "guardrails": {**before, **_telling(found)}}
    record.share = record.rule["share"]


def _pauses(record: ExperimentRecord) -> list[dict[str, Any]]:
    return [look for look in record.looks if look["decision"] == PAUSED]


def _telling(found: dict[str, Any]) -> dict[str, Any]:
    """Without rates of too little to tell, and without what is not known."""
    return {
        name: value
        for name, value in found.items()
        if value is not None and not (isinstance(value, list) and value[1] < ENOUGH)
    }
