"""Permission, looked up in SQL."""

from __future__ import annotations

from sqlalchemy import Select, select

from src.core.caller import Caller, Grant, Scope, seal_scope
from src.core.errors import NotFoundError
from src.core.messages.base import Target

from .models import (
    AnswerRecord,
    CollectionRecord,
    DatasetRecord,
    DocumentRecord,
    ExperimentRecord,
    GoldenSetRecord,
    JobRecord,
    ModelRecord,
    PassageRecord,
    SourceRecord,
    TrainingRunRecord,
)
from .repositories.reading import readable
from .repositories.searching import LiveIndex
from .uow import Database, Work


class SqlGrants:
    """Grants by ownership, membership and visibility."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def on(self, caller: Caller, target: Target, object_id: str) -> Grant | None:
        with self._database.read() as work:
            return grant_on(work, caller, target, object_id)


def grant_on(work: Work, caller: Caller, target: Target, object_id: str) -> Grant | None:
    """The caller's grant on the collection that the object belongs to; None where there is none such."""
    if target is Target.ANSWER:
        return _on_answer(work, caller, object_id)
    if target is Target.COLLECTION:
        collection_id: str | None = object_id
    else:
        row = work.session.execute(_collection_of(target, object_id)).first()
        if row is None:
            return None
        collection_id = row[0]
    return _on_collection(work, caller, collection_id)


def scope_of(work: Work, caller: Caller, collection_ids: tuple[str, ...] | None) -> Scope:
    """What the caller may read of the named collections (all of them for None).

    Raises NotFoundError for a named collection that the caller may not read.
    """
    allowed = frozenset(work.connection.execute(readable(caller)).scalars())
    if collection_ids is None:
        return seal_scope(allowed)
    for collection_id in collection_ids:
        if collection_id not in allowed:
            raise NotFoundError(f"There is no collection {collection_id}.")
    return seal_scope(frozenset(collection_ids))


def searched_by(
    work: Work, caller: Caller, collection_ids: tuple[str, ...] | None
) -> tuple[Scope, list[LiveIndex]]:
    """The live indexes of what the caller may read of the named collections (all of them for None), looked
    up together with the permission, and their scope.

    Raises NotFoundError for a named collection that the caller may not read.
    """
    indexes = work.searching.readable_indexes(caller, collection_ids)
    found = frozenset(index.collection_id for index in indexes)
    if collection_ids is not None and not found.issuperset(collection_ids):
        return scope_of(work, caller, collection_ids), indexes  # one without an index is no error
    return seal_scope(found), indexes


def _collection_of(target: Target, object_id: str) -> Select[str | None]:
    columns = {
        Target.DOCUMENT: (DocumentRecord.collection_id, DocumentRecord.id),
        Target.SOURCE: (SourceRecord.collection_id, SourceRecord.id),
        Target.JOB: (JobRecord.collection_id, JobRecord.id),
        Target.PASSAGE: (PassageRecord.collection_id, PassageRecord.id),
        Target.DATASET: (DatasetRecord.collection_id, DatasetRecord.id),
        Target.TRAINING_RUN: (TrainingRunRecord.collection_id, TrainingRunRecord.id),
        Target.MODEL: (ModelRecord.collection_id, ModelRecord.id),
        Target.EXPERIMENT: (ExperimentRecord.collection_id, ExperimentRecord.id),
        Target.GOLDEN_SET: (GoldenSetRecord.collection_id, GoldenSetRecord.id),
    }
    collection_id, key = columns[target]
    return select(collection_id).where(key == object_id)


def _on_collection(work: Work, caller: Caller, collection_id: str | None) -> Grant | None:
    if collection_id is None:
        # Work on the whole installation, such as a rebuild of all indexes.
        return Grant("", may_read=caller.administers, may_write=caller.administers)
    record = work.session.get(CollectionRecord, collection_id)
    if record is None:
        return None
    owns = caller.user_id is not None and record.owner_id == caller.user_id
    if caller.administers or owns:
        return Grant(collection_id, may_read=True, may_write=True)
    membership = work.collections.membership(collection_id, caller.user_id or "")
    may_write = membership is not None and membership.may_write
    return Grant(collection_id, record.visibility == "team" or membership is not None, may_write)


def _on_answer(work: Work, caller: Caller, answer_id: str) -> Grant | None:
    """An answer is read by who asked and by administrators, as long as they may read all that it quotes."""
    record = work.session.get(AnswerRecord, answer_id)
    if record is None:
        return None
    if caller.administers:
        return Grant("", may_read=True, may_write=True)
    if record.user_id != caller.user_id:
        return Grant("", may_read=False, may_write=False)
    allowed = set(work.session.scalars(readable(caller)))
    existing = set(work.collections.names(work.answers.collections(answer_id)))
    may_read = existing <= allowed
    return Grant("", may_read=may_read, may_write=may_read)
