"""The registry of ranking models: which one is live, and how another takes its place."""

from __future__ import annotations

from typing import Any

from src.core.clock import new_id
from src.core.errors import ConflictError
from src.core.messages.models import ModelPromoted, ModelRejected, ModelRolledBack
from src.database.models import ModelChangeRecord, ModelRecord
from src.database.uow import UnitOfWork, Work

DEFAULT = "default"
_BEFORE = "before_id"


def live_model(work: UnitOfWork, collection_id: str) -> ModelRecord:
    """The model that ranks the collection; the default is written down the first time it is needed."""
    found = work.models.live(collection_id)
    if found is not None:
        return found
    work.collections.hold(collection_id, alone=True)
    found = work.models.live(collection_id)
    if found is not None:
        return found
    card = {"summary": "The default fusion of meaning and words, with the memory of rated questions."}
    return register(
        work,
        collection_id,
        kind=DEFAULT,
        state="live",
        card=card,
        by="stoa",
        reason="The default ranking, before anything was learned.",
    )


def register(
    work: UnitOfWork,
    collection_id: str,
    *,
    kind: str,
    state: str,
    card: dict[str, Any],
    by: str,
    reason: str,
    parent_id: str | None = None,
    run_id: str | None = None,
    artefact: str | None = None,
) -> ModelRecord:
    """Write down a new model as the next version of its collection, and how it came to be."""
    now = work.now()
    record = work.models.add(
        ModelRecord(
            id=new_id(),
            collection_id=collection_id,
            version=work.models.next_version(collection_id),
            kind=kind,
            parent_id=parent_id,
            run_id=run_id,
            state=state,
            reason=reason,
            artefact=artefact,
            card=card,
            created_at=now,
            changed_at=now,
        )
    )
    work.session.flush()
    work.session.add(
        ModelChangeRecord(
            id=new_id(),
            model_id=record.id,
            before=None,
            after=state,
            decided_by=by,
            reason=reason,
            evidence={},
            at=now,
        )
    )
    return record


def promote(
    work: UnitOfWork, record: ModelRecord, *, by: str, reason: str, evidence: dict[str, Any]
) -> ModelRecord:
    """Make a model the live one; returns the one that was. Both changes stand in one transaction, which
    should hold the collection."""
    before = live_model(work, record.collection_id)
    now = work.now()
    work.models.change(before, "retired", by=by, reason=reason, evidence=evidence, at=now)
    marked = {**evidence, _BEFORE: before.id}
    work.models.change(record, "live", by=by, reason=reason, evidence=marked, at=now)
    work.publish(
        ModelPromoted(
            model_id=record.id,
            collection_id=record.collection_id,
            before_id=before.id,
            decided_by=by,
            reason=reason,
        )
    )
    return before


def predecessor(work: Work, record: ModelRecord) -> ModelRecord | None:
    """The model that was live when this one was promoted."""
    for change in reversed(work.models.changes(record.id)):
        if change.after == "live" and _BEFORE in change.evidence:
            return work.models.find(change.evidence[_BEFORE])
    return None


def roll_back(
    work: UnitOfWork, live: ModelRecord, *, by: str, reason: str, evidence: dict[str, Any]
) -> ModelRecord:
    """Return to the model that was live before; returns it. Raises ConflictError where there is none."""
    to = predecessor(work, live)
    if to is None:
        raise ConflictError(f"There was no model before version {live.version} to return to.")
    now = work.now()
    work.models.change(live, "retired", by=by, reason=reason, evidence=evidence, at=now)
    work.models.change(to, "live", by=by, reason=reason, evidence=evidence, at=now)
    work.publish(
        ModelRolledBack(
            model_id=live.id,
            collection_id=live.collection_id,
            to_id=to.id,
            decided_by=by,
            reason=reason,
        )
    )
    return to


def reject(work: UnitOfWork, record: ModelRecord, *, by: str, reason: str, evidence: dict[str, Any]) -> None:
    """Put a candidate aside for good; a model that was live once goes back among the retired ones."""
    was_live = any(change.after == "live" for change in work.models.changes(record.id))
    state = "retired" if was_live else "rejected"
    work.models.change(record, state, by=by, reason=reason, evidence=evidence, at=work.now())
    work.publish(ModelRejected(model_id=record.id, collection_id=record.collection_id, reason=reason))
