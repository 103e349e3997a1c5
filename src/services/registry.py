"""The registry of models, those that rank and those that answer: which one of each is live, and how another
takes its place."""

from __future__ import annotations

from typing import Any

from src.core.clock import new_id
from src.core.errors import ConflictError
from src.core.messages.models import ModelPromoted, ModelRejected, ModelRole, ModelRolledBack, ModelState
from src.core.passages import CONFIGURED
from src.database.models import ModelChangeRecord, ModelRecord
from src.database.repositories.forgetting import marked_as, marked_as_parent, marked_by_run, must_forget
from src.database.uow import UnitOfWork, Work
from src.services.indexing.making import Making
from src.services.indexing.switching import switch

DEFAULT = "default"
TUNED = "embedding"
"""The kind of a model that brings an embedding model of its own, and with it an index."""
CHUNKER = "chunker"
"""The kind of a model that ranks an index of passages that are cut otherwise."""
WITH_INDEX = frozenset({TUNED, CHUNKER})
"""The kinds whose index is built for them: they are made seldom, and rankings that wait are compared with
them if they go live."""
DEFAULT_CARDS: dict[ModelRole, dict[str, Any]] = {
    ModelRole.RANKING: {
        "summary": "The default fusion of meaning and words, with the memory of rated questions."
    },
    ModelRole.ANSWERING: {"summary": "As configured.", "settings": []},
}
_DEFAULT_REASONS = {
    ModelRole.RANKING: "The default ranking, before anything was learned.",
    ModelRole.ANSWERING: "The configured way to answer, before another was tried.",
}
_HOW_BUILT = {
    True: "A job of the collection builds it; wait for its end.",
    False: "It was dropped: build it with `learn indexes --build`, or propose these passages again.",
}
"""What to do where the index of a model is not there, by whether it waits for the first one."""
_BEFORE = "before_id"
_INDEX = "before_embedding"
_WANTED = "before_wanted"
_NAMED = "named"
_CUTTING = "before_cutting"
_UNCUT = "named_cutting"


def live_model(work: UnitOfWork, collection_id: str, role: ModelRole = ModelRole.RANKING) -> ModelRecord:
    """The model that ranks, or answers in, the collection; the default is written down the first time it is
    needed."""
    found = work.models.live(collection_id, role)
    if found is not None:
        return found
    work.collections.hold(collection_id, alone=True)
    found = work.models.live(collection_id, role)
    if found is not None:
        return found
    return register(
        work,
        collection_id,
        role=role,
        kind=DEFAULT,
        state="live",
        card=DEFAULT_CARDS[role],
        by="stoa",
        reason=_DEFAULT_REASONS[role],
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
    role: ModelRole = ModelRole.RANKING,
    parent_id: str | None = None,
    run_id: str | None = None,
    artefact: str | None = None,
    embedding_version: str | None = None,
    cutting: str | None = None,
) -> ModelRecord:
    """Write down a new model as the next version of its collection, and how it came to be.

    ``embedding_version`` and ``cutting`` name the index that it ranks, where that need not be the live one.
    A ranking that names no cutting ranks that which is searched; where that is not the configured one it
    keeps it."""
    now = work.now()
    if embedding_version:
        card = marked_as(work.session, embedding_version, card)
    if cutting is None and role is ModelRole.RANKING:
        searched = work.collections.get(collection_id).cutting
        cutting = searched if searched != CONFIGURED else None
    if parent_id and run_id is None and role is ModelRole.RANKING and artefact is not None:
        card = marked_as_parent(work.session, parent_id, card)
    if run_id:
        card = marked_by_run(work.session, run_id, kind, card)
    record = work.models.add(
        ModelRecord(
            id=new_id(),
            collection_id=collection_id,
            version=work.models.next_version(collection_id),
            role=role.value,
            kind=kind,
            parent_id=parent_id,
            run_id=run_id,
            state=state,
            reason=reason,
            artefact=artefact,
            embedding_version=embedding_version,
            cutting=cutting,
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
    """Make a model the live one, and the index that it ranks the one that is searched; returns the model
    that was. All stands in one transaction, which should hold the collection. Raises ConflictError where
    the index is not there."""
    before = live_model(work, record.collection_id, ModelRole(record.role))
    searched = _searched_by(work, record)
    now = work.now()
    left = f"Version {record.version} took its place: {reason}"
    work.models.change(before, "retired", by=by, reason=left, evidence=evidence, at=now)
    marked = {**evidence, _BEFORE: before.id, **searched}
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
    """The model that was live when this one was promoted; what learned from a deleted user or document is
    passed over for the one before it."""
    promoted = _promotion(work, record.id)
    while promoted is not None:
        found = work.models.find(promoted.evidence[_BEFORE])
        if found is None or not must_forget(found):
            return found
        promoted = _promotion(work, found.id, earlier_than=promoted.id)
    return None


def _promotion(work: Work, model_id: str, *, earlier_than: str | None = None) -> ModelChangeRecord | None:
    """The last promotion of a model, or the last one before that change."""
    for change in reversed(work.models.changes(model_id)):
        if earlier_than is not None and change.id >= earlier_than:
            continue
        if change.after == "live" and _BEFORE in change.evidence:
            return change
    return None


def roll_back(
    work: UnitOfWork, live: ModelRecord, *, by: str, reason: str, evidence: dict[str, Any]
) -> ModelRecord:
    """Return to the model that was live before; returns it. Raises ConflictError where there is none."""
    to = predecessor(work, live)
    if to is None:
        raise ConflictError(f"There was no model before version {live.version} to return to.")
    marked = {**evidence, **_searched_by(work, to)}
    now = work.now()
    left = f"Version {to.version} took its place again: {reason}"
    work.models.change(live, "retired", by=by, reason=left, evidence=evidence, at=now)
    work.models.change(to, "live", by=by, reason=reason, evidence=marked, at=now)
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


def _searched_by(work: UnitOfWork, record: ModelRecord) -> dict[str, Any]:
    """Switch to the index that a model ranks, where it is not the live one; returns what that changed.

    A model that names no embedding version, or no cutting, ranks whichever index is live. Before another one
    goes live all those are named after the one they rank, so that they keep it: on trial, in a watch, and on
    the way back, where their names are taken from them again."""
    live = work.indexes.live(record.collection_id)
    if live is None:
        return {}
    standby = work.indexes.ranked_by(record)
    if standby is None:
        named = " and ".join(name for name in (record.embedding_version, record.cutting) if name)
        waits = record.state == ModelState.CANDIDATE
        raise ConflictError(
            f"Version {record.version} ranks an index of {named}, which is not there. {_HOW_BUILT[waits]}"
        )
    if standby.id == live.id:
        return {}
    collection = work.collections.get(record.collection_id)
    changed: dict[str, Any] = {
        _INDEX: live.embedding_version,
        _WANTED: collection.embedding_version,
        _CUTTING: live.cutting,
    }
    before = Making.of(live)
    switch(work, standby)
    if standby.embedding_version != before.embedding_version:
        naming = _naming(work, record, _NAMED)
        collection.embedding_version = naming[_WANTED] if naming else standby.embedding_version
        if naming:
            work.models.unname(naming[_NAMED])
        else:
            changed[_NAMED] = work.models.name_unnamed(record.collection_id, before.embedding_version)
    if standby.cutting != before.cutting:
        naming = _naming(work, record, _UNCUT)
        if naming:
            work.models.uncut(naming[_UNCUT])
        else:
            changed[_UNCUT] = work.models.name_uncut(record.collection_id, before.cutting)
    return changed


def _naming(work: Work, record: ModelRecord, names: str) -> dict[str, Any] | None:
    """The evidence of the promotion that named a model after the embedding version, or after the cutting, of
    the index it ranked; None where it brought its own, or where others went live in between."""
    promoted = (change.evidence for change in work.models.promotions(record.collection_id))
    return next((evidence for evidence in promoted if record.id in evidence.get(names, ())), None)
