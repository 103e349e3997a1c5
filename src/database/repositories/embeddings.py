"""The embedding models of every version that an index was made with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, cast

from sqlalchemy import ColumnElement, CursorResult, delete, exists, select

from src.database.inserts import insert_new
from src.database.models import EmbeddingRecord, IndexRecord, ModelRecord, VectorRecord

from .base import Repository


class Embeddings(Repository[EmbeddingRecord]):
    """How each embedding version is found again."""

    model: ClassVar = EmbeddingRecord
    noun: ClassVar = "embedding model of version"

    def note(self, **columns: Any) -> None:
        """Write a version down; one that is known stays as it is."""
        self._session.execute(insert_new(self._session, EmbeddingRecord), [columns])

    def artefacts(self) -> set[str]:
        """The digests of the trained models."""
        query = select(EmbeddingRecord.artefact).where(EmbeddingRecord.artefact.is_not(None))
        return {digest for digest in self._session.scalars(query) if digest is not None}

    def rejected(self) -> Sequence[EmbeddingRecord]:
        """The trained models that models name which were rejected, and no others."""
        return self._trained(
            _named(ModelRecord.state == "rejected"), ~_named(ModelRecord.state != "rejected")
        )

    def unused(self) -> Sequence[EmbeddingRecord]:
        """The trained models that no index has and that no model names but rejected ones."""
        indexed = exists().where(IndexRecord.embedding_version == EmbeddingRecord.version)
        return self._trained(~indexed, ~_named(ModelRecord.state != "rejected"))

    def _trained(self, *conditions: ColumnElement[bool]) -> Sequence[EmbeddingRecord]:
        query = select(EmbeddingRecord).where(EmbeddingRecord.artefact.is_not(None), *conditions)
        return list(self._session.scalars(query.order_by(EmbeddingRecord.version)))

    def drop_stale_vectors(self, *keep: str, limit: int) -> int:
        """Remove vectors of versions that no index has, other than ``keep``, at most those of ``limit``
        texts; returns how many."""
        used = select(IndexRecord.embedding_version)
        stale = (VectorRecord.embedding_version.not_in(used), VectorRecord.embedding_version.not_in(keep))
        some = select(VectorRecord.embedding_key).where(*stale).limit(limit)
        result = self._session.execute(
            delete(VectorRecord).where(*stale, VectorRecord.embedding_key.in_(some))
        )
        return cast("CursorResult[Any]", result).rowcount


def _named(state: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(ModelRecord.embedding_version == EmbeddingRecord.version, state)
