"""How a model that learned from a deleted user or document leaves its place."""

from __future__ import annotations

from collections.abc import Sequence

from src.core.errors import ConflictError
from src.database.models import ModelRecord
from src.database.repositories.forgetting import must_forget
from src.database.repositories.trials import waiting_models
from src.database.uow import UnitOfWork
from src.services import registry

from .gatekeeping import has_index


def succeed(work: UnitOfWork, live: ModelRecord, *, by: str) -> ModelRecord | None:
    """Let the newest gated model that knows nothing of what is deleted, and whose index is there, take the
    place of one that does; None where there is none. It is not tried against that first: readers would be
    shown what is to be forgotten, and both learned alike but for that."""
    number = must_forget(live)
    waiting = waiting_models(work.session, live.collection_id) if number else ()
    successor = next((one for one in waiting if not must_forget(one) and has_index(work, one)), None)
    if successor is None:
        return None
    reason = (
        f"Version {live.version} learned from {_votes(number)} deleted with a user or a document. "
        f"Version {successor.version} was made without them and passed the gate."
    )
    registry.promote(work, successor, by=by, reason=reason, evidence={"forgotten": number})
    return successor


def leave(work: UnitOfWork, live: ModelRecord, *, by: str, why: str) -> ModelRecord | None:
    """Return to a model that knows nothing of what is deleted, as none could be made without it; None where
    the live one may stay."""
    number = must_forget(live)
    if not number:
        return None
    reason = (
        f"Version {live.version} learned from {_votes(number)} deleted with a user or a document, and no "
        f"other takes its place: {why}"
    )
    try:
        return registry.roll_back(work, live, by=by, reason=reason, evidence={"forgotten": number})
    except ConflictError:
        return None


def reject_outdated(work: UnitOfWork, waiting: Sequence[ModelRecord], *, by: str) -> list[ModelRecord]:
    """Those of the waiting models that know nothing of what is deleted; the others are rejected."""
    for model in waiting:
        if must_forget(model):
            reason = f"It learned from {_votes(must_forget(model))} deleted with a user or a document."
            registry.reject(work, model, by=by, reason=reason, evidence={})
    return [model for model in waiting if not must_forget(model)]


def _votes(number: int) -> str:
    return "1 vote that was" if number == 1 else f"{number} votes that were"
