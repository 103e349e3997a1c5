"""The ranking models of collections."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, func, or_, select

from src.core.clock import new_id
from src.database.models import (
    EvaluationRecord,
    ModelChangeRecord,
    ModelRecord,
)

from .base import Repository, chunks

_NAMING = or_(ModelRecord.embedding_version.is_not(None), ModelRecord.cutting.is_not(None))


class Models(Repository[ModelRecord]):
    """The models of collections, and the record of how they changed places."""

    model: ClassVar = ModelRecord
    noun: ClassVar = "model"

    def live(self, collection_id: str, role: str = "ranking") -> ModelRecord | None:
        """The model that ranks (or answers in) the collection; None for the default before there was any
        other."""
        query = select(ModelRecord).where(
            ModelRecord.collection_id == collection_id,
            ModelRecord.role == role,
            ModelRecord.state == "live",
        )
        return self._session.scalar(query)

    def candidates_of(
        self, collection_id: str, embedding_version: str, cutting: str
    ) -> Sequence[ModelRecord]:
        """The candidates that name the collection's index of that embedding version and cutting."""
        query = select(ModelRecord).where(
            ModelRecord.collection_id == collection_id,
            ModelRecord.state == "candidate",
            or_(ModelRecord.embedding_version == embedding_version, ModelRecord.embedding_version.is_(None)),
            or_(ModelRecord.cutting == cutting, ModelRecord.cutting.is_(None)),
            _NAMING,
        )
        return list(self._session.scalars(query.order_by(ModelRecord.id)))

    def in_state(self, collection_id: str, state: str, *, kind: str) -> Sequence[ModelRecord]:
        """The collection's models of that kind that stand there."""
        query = select(ModelRecord).where(
            ModelRecord.collection_id == collection_id, ModelRecord.state == state, ModelRecord.kind == kind
        )
        return list(self._session.scalars(query.order_by(ModelRecord.id)))

    def needed_versions(self) -> set[tuple[str, str | None, str | None]]:
        """The collections with the embedding versions and cuttings that their open models name, None where
        such a model takes any."""
        query = select(ModelRecord.collection_id, ModelRecord.embedding_version, ModelRecord.cutting).where(
            _NAMING, ModelRecord.state.in_(("candidate", "gated", "trial", "live"))
        )
        return {(key, version, cutting) for key, version, cutting in self._session.execute(query)}

    def name_unnamed(self, collection_id: str, embedding_version: str) -> list[str]:
        """Have the models that rank and name no embedding version name this one; returns their ids."""
        unnamed = self._ranking(collection_id, ModelRecord.embedding_version.is_(None))
        for record in unnamed:
            record.embedding_version = embedding_version
        return [record.id for record in unnamed]

    def name_uncut(self, collection_id: str, cutting: str) -> list[str]:
        """Have the models that rank and name no cutting name this one; returns their ids."""
        unnamed = self._ranking(collection_id, ModelRecord.cutting.is_(None))
        for record in unnamed:
            record.cutting = cutting
        return [record.id for record in unnamed]

    def _ranking(self, collection_id: str, which: ColumnElement[bool]) -> list[ModelRecord]:
        query = select(ModelRecord).where(
            ModelRecord.collection_id == collection_id, ModelRecord.role == "ranking", which
        )
        return list(self._session.scalars(query.order_by(ModelRecord.id)))

    def unname(self, ids: Collection[str]) -> None:
        """Have these models name no embedding version any more."""
        for record in self._some(ids):
            record.embedding_version = None

    def uncut(self, ids: Collection[str]) -> None:
        """Have these models name no cutting any more."""
        for record in self._some(ids):
            record.cutting = None

    def _some(self, ids: Collection[str]) -> Iterator[ModelRecord]:
        for part in chunks(sorted(ids)):
            yield from self._session.scalars(select(ModelRecord).where(ModelRecord.id.in_(part)))

    def promotions(self, collection_id: str) -> Sequence[ModelChangeRecord]:
        """How models of the collection went live, the latest first."""
        query = (
            select(ModelChangeRecord)
            .join(ModelRecord, ModelRecord.id == ModelChangeRecord.model_id)
            .where(ModelRecord.collection_id == collection_id, ModelChangeRecord.after == "live")
        )
        return list(self._session.scalars(query.order_by(ModelChangeRecord.id.desc())))

    def next_version(self, collection_id: str) -> int:
        query = select(func.max(ModelRecord.version)).where(ModelRecord.collection_id == collection_id)
        return (self._session.scalar(query) or 0) + 1

    def change(
        self,
        record: ModelRecord,
        state: str,
        *,
        by: str,
        reason: str,
        evidence: dict[str, Any],
        at: datetime,
    ) -> None:
        """Bring a model into a state, and write down who or what decided it and why."""
        self._session.add(
            ModelChangeRecord(
                id=new_id(),
                model_id=record.id,
                before=record.state,
                after=state,
                decided_by=by,
                reason=reason,
                evidence=evidence,
                at=at,
            )
        )
        record.state, record.reason, record.changed_at = state, reason, at
        # The one that leaves its place is written before the one that takes it: one is live at a time.
        self._session.flush()

    def artefacts(self) -> set[str]:
        """The digests of every model's file; a retired model is kept to return to."""
        query = select(ModelRecord.artefact).where(ModelRecord.artefact.is_not(None)).distinct()
        return {digest for digest in self._session.scalars(query) if digest is not None}

    def changes(self, model_id: str) -> Sequence[ModelChangeRecord]:
        query = select(ModelChangeRecord).where(ModelChangeRecord.model_id == model_id)
        return list(self._session.scalars(query.order_by(ModelChangeRecord.id)))

    def evaluations(self, model_id: str) -> Sequence[EvaluationRecord]:
        query = select(EvaluationRecord).where(EvaluationRecord.model_id == model_id)
        return list(self._session.scalars(query.order_by(EvaluationRecord.id)))

    def page(
        self,
        collection_ids: Collection[str],
        state: str | None,
        role: str | None,
        *,
        limit: int,
        cursor: str | None,
    ) -> tuple[Sequence[ModelRecord], str | None]:
        query = select(ModelRecord).where(ModelRecord.collection_id.in_(collection_ids))
        for column, wanted in ((ModelRecord.state, state), (ModelRecord.role, role)):
            if wanted is not None:
                query = query.where(column == wanted)
        return self._page(query, ModelRecord.id, limit=limit, cursor=cursor, newest_first=True)
