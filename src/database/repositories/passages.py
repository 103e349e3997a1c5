"""Passages and the vectors of their texts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, ClassVar, cast

import numpy as np
from sqlalchemy import ColumnElement, CursorResult, Row, and_, delete, exists, func, or_, select, update

from src.core.errors import UnknownCursorError
from src.core.messages.documents import DocumentState
from src.core.ports import Vectors as VectorRows
from src.database.inserts import insert_new
from src.database.models import CollectionRecord, DocumentRecord, PassageRecord, VectorRecord

from .base import Repository, chunks


def searched(collection_id: str | None = None) -> ColumnElement[bool]:
    """That a passage is live and of the cutting that its collection is searched in; ``collection_id`` where
    all passages asked for are of that one."""
    owner = PassageRecord.collection_id if collection_id is None else collection_id
    cutting = select(CollectionRecord.cutting).where(CollectionRecord.id == owner)
    if collection_id is None:
        cutting = cutting.correlate(PassageRecord)
    return and_(PassageRecord.live, PassageRecord.cutting == cutting.scalar_subquery())


class Passages(Repository[PassageRecord]):
    """The passages of documents. A live one is searched in the indexes of its cutting."""

    model: ClassVar = PassageRecord
    noun: ClassVar = "passage"

    def add_all(self, rows: Sequence[dict[str, Any]]) -> None:
        if rows:
            self._session.execute(insert_new(self._session, PassageRecord), list(rows))

    def page(
        self, document_id: str, *, limit: int, cursor: str | None
    ) -> tuple[Sequence[PassageRecord], str | None]:
        """The passages that are searched in reading order; the cursor is the last ordinal."""
        query = (
            select(PassageRecord)
            .where(PassageRecord.document_id == document_id, searched())
            .order_by(PassageRecord.ordinal)
            .limit(limit + 1)
        )
        if cursor is not None:
            if not cursor.isdecimal() or len(cursor) > 9:
                raise UnknownCursorError()
            query = query.where(PassageRecord.ordinal > int(cursor))
        found = list(self._session.scalars(query))
        more = len(found) > limit
        return found[:limit], str(found[limit - 1].ordinal) if more else None

    def of_version(self, document_id: str, version: str) -> Sequence[PassageRecord]:
        query = select(PassageRecord).where(
            PassageRecord.document_id == document_id, PassageRecord.version == version
        )
        return list(self._session.scalars(query.order_by(PassageRecord.ordinal)))

    def live_of(self, document_id: str) -> Sequence[PassageRecord]:
        """A document's live passages in every cutting."""
        query = select(PassageRecord).where(PassageRecord.document_id == document_id, PassageRecord.live)
        return list(self._session.scalars(query))

    def with_documents(self, ids: Sequence[str]) -> dict[str, Row[tuple[PassageRecord, DocumentRecord]]]:
        """Live passages, of whichever cutting, with their documents, by passage id; what is gone from SQL is
        not in it."""
        found: dict[str, Row[tuple[PassageRecord, DocumentRecord]]] = {}
        for part in chunks(ids):
            query = (
                select(PassageRecord, DocumentRecord)
                .join(DocumentRecord, DocumentRecord.id == PassageRecord.document_id)
                .where(PassageRecord.id.in_(part), PassageRecord.live)
            )
            found.update({row.PassageRecord.id: row for row in self._session.execute(query)})
        return found

    def ids(self, document_ids: Sequence[str]) -> list[str]:
        found: list[str] = []
        for part in chunks(document_ids):
            found.extend(
                self._session.scalars(select(PassageRecord.id).where(PassageRecord.document_id.in_(part)))
            )
        return found

    def known(self, ids: Sequence[str]) -> set[str]:
        """Those of the passages that are in SQL, live or about to be."""
        found: set[str] = set()
        for part in chunks(ids):
            found.update(self._session.scalars(select(PassageRecord.id).where(PassageRecord.id.in_(part))))
        return found

    def mean_length(self, collection_id: str) -> float:
        """Characters of a searched passage on average; 0 where there is none."""
        query = select(func.avg(func.length(PassageRecord.text))).where(
            PassageRecord.collection_id == collection_id, searched(collection_id)
        )
        return float(self._session.scalar(query) or 0.0)

    def live_ids(self, collection_id: str, cutting: str) -> set[str]:
        return set(self._session.scalars(select(PassageRecord.id).where(*_live(collection_id, cutting))))

    def live_count(self, collection_id: str, cutting: str) -> int:
        return self._session.scalar(select(func.count()).where(*_live(collection_id, cutting))) or 0

    def searched_count(self, collection_id: str) -> int:
        """How many passages of the collection are searched."""
        query = select(func.count()).where(
            PassageRecord.collection_id == collection_id, searched(collection_id)
        )
        return self._session.scalar(query) or 0

    def any_searched(self, collection_id: str) -> bool:
        query = select(PassageRecord.id).where(
            PassageRecord.collection_id == collection_id, searched(collection_id)
        )
        return self._session.scalar(query.limit(1)) is not None

    def wanted_ids(self, collection_id: str, cutting: str) -> set[str]:
        """The live passages, and those that will be live when their document's ingestion ends."""
        query = select(PassageRecord.id).join(DocumentRecord, DocumentRecord.id == PassageRecord.document_id)
        wanted = or_(PassageRecord.live, DocumentRecord.state == DocumentState.EMBEDDING)
        of = (PassageRecord.collection_id == collection_id, PassageRecord.cutting == cutting)
        return set(self._session.scalars(query.where(*of, wanted)))

    def live_after(self, collection_id: str, cutting: str, after: str, limit: int) -> Sequence[PassageRecord]:
        query = (
            select(PassageRecord)
            .where(*_live(collection_id, cutting), PassageRecord.id > after)
            .order_by(PassageRecord.id)
            .limit(limit)
        )
        return list(self._session.scalars(query))

    def drop_other_versions(self, document_id: str, version: str, cutting: str) -> list[str]:
        """Remove the passages of a document's other versions in a cutting; returns their ids."""
        others = (
            PassageRecord.document_id == document_id,
            PassageRecord.cutting == cutting,
            PassageRecord.version != version,
        )
        ids = list(self._session.scalars(select(PassageRecord.id).where(*others)))
        self._session.execute(delete(PassageRecord).where(*others))
        return ids

    def set_live(self, document_id: str, version: str) -> None:
        self._session.execute(
            update(PassageRecord)
            .where(PassageRecord.document_id == document_id, PassageRecord.version == version)
            .values(live=True)
        )

    def drop_cut(self, document_ids: Sequence[str], cutting: str) -> None:
        """Remove what documents have in a cutting."""
        for part in chunks(document_ids):
            of = (PassageRecord.document_id.in_(part), PassageRecord.cutting == cutting)
            self._session.execute(delete(PassageRecord).where(*of))

    def drop_cutting(self, collection_id: str, cutting: str) -> None:
        """Remove what the documents of a collection have in a cutting."""
        of = (PassageRecord.collection_id == collection_id, PassageRecord.cutting == cutting)
        self._session.execute(delete(PassageRecord).where(*of))

    def drop(self, document_id: str) -> None:
        self._session.execute(delete(PassageRecord).where(PassageRecord.document_id == document_id))


def _live(collection_id: str, cutting: str) -> tuple[ColumnElement[bool], ...]:
    return (
        PassageRecord.collection_id == collection_id,
        PassageRecord.cutting == cutting,
        PassageRecord.live.is_(True),
    )


class CachedVectors:
    """Embedded texts by key and embedding version."""

    def __init__(self, session: Any) -> None:
        self._session = session

    def find(self, keys: Collection[str], version: str) -> dict[str, VectorRows]:
        found: dict[str, VectorRows] = {}
        for part in chunks(sorted(keys)):
            query = select(VectorRecord.embedding_key, VectorRecord.vector).where(
                VectorRecord.embedding_version == version, VectorRecord.embedding_key.in_(part)
            )
            for key, blob in self._session.execute(query):
                found[key] = np.frombuffer(blob, dtype="<f4")
        return found

    def add(self, vectors: dict[str, VectorRows], version: str) -> None:
        """Keep vectors; a key that is there already stays as it is."""
        if vectors:
            rows = [
                {
                    "embedding_key": key,
                    "embedding_version": version,
                    "vector": np.ascontiguousarray(vector, dtype="<f4").tobytes(),
                }
                for key, vector in vectors.items()
            ]
            self._session.execute(insert_new(self._session, VectorRecord), rows)

    def drop_unused(self, limit: int) -> int:
        """Remove vectors that no passage uses, at most ``limit``; returns how many."""
        unused = (
            select(VectorRecord.embedding_key)
            .where(~exists().where(PassageRecord.embedding_key == VectorRecord.embedding_key))
            .limit(limit)
        )
        result = self._session.execute(delete(VectorRecord).where(VectorRecord.embedding_key.in_(unused)))
        return cast("CursorResult[Any]", result).rowcount
