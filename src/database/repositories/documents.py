"""Documents, passages and vectors."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any, ClassVar, cast

import numpy as np
from sqlalchemy import CursorResult, Row, delete, exists, func, or_, select, update

from src.core.errors import InvalidRequestError
from src.core.messages.documents import FINAL_STATES, DocumentState
from src.core.ports import Vectors as VectorRows
from src.database.inserts import insert_new
from src.database.models import DocumentRecord, DocumentVersionRecord, PassageRecord, VectorRecord

from .base import Repository

CHUNK = 500


def chunks(ids: Sequence[str], size: int = CHUNK) -> Iterator[Sequence[str]]:
    """Parts small enough for one statement's parameters."""
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


class Documents(Repository[DocumentRecord]):
    """The documents of collections and sources, and those that a job has still to ingest."""

    model: ClassVar = DocumentRecord
    noun: ClassVar = "document"

    def page(
        self,
        collection_id: str,
        *,
        state: str | None,
        source_id: str | None,
        text: str | None,
        limit: int,
        cursor: str | None,
    ) -> tuple[Sequence[DocumentRecord], str | None]:
        query = select(DocumentRecord).where(DocumentRecord.collection_id == collection_id)
        if state is not None:
            query = query.where(DocumentRecord.state == state)
        if source_id is not None:
            query = query.where(DocumentRecord.source_id == source_id)
        if text:
            query = query.where(
                or_(
                    DocumentRecord.title.icontains(text, autoescape=True),
                    DocumentRecord.external_id.icontains(text, autoescape=True),
                )
            )
        return self._page(query, DocumentRecord.id, limit=limit, cursor=cursor, newest_first=True)

    def by_external(self, collection_id: str, digests: Sequence[str]) -> dict[str, DocumentRecord]:
        """The documents of a collection by external digest."""
        found = {}
        for part in chunks(digests):
            query = select(DocumentRecord).where(
                DocumentRecord.collection_id == collection_id, DocumentRecord.external_digest.in_(part)
            )
            found.update({r.external_digest: r for r in self._session.scalars(query)})
        return found

    def some(self, ids: Collection[str]) -> Sequence[DocumentRecord]:
        """The documents with these ids, in no order."""
        found: list[DocumentRecord] = []
        for part in chunks(sorted(ids)):
            found.extend(self._session.scalars(select(DocumentRecord).where(DocumentRecord.id.in_(part))))
        return found

    def of_source(self, source_id: str) -> Sequence[DocumentRecord]:
        return list(
            self._session.scalars(select(DocumentRecord).where(DocumentRecord.source_id == source_id))
        )

    def waiting(self, job_id: str, *, after: str | None, limit: int) -> Sequence[DocumentRecord]:
        """Documents of a job that have not come to their end, in order of id."""
        query = select(DocumentRecord).where(
            DocumentRecord.job_id == job_id, DocumentRecord.state.not_in(FINAL_STATES)
        )
        if after is not None:
            query = query.where(DocumentRecord.id > after)
        return list(self._session.scalars(query.order_by(DocumentRecord.id).limit(limit)))

    def progress(self, job_id: str) -> tuple[int, int]:
        """How many documents of the job are at their end, and how many it has."""
        query = select(func.count().filter(DocumentRecord.state.in_(FINAL_STATES)), func.count()).where(
            DocumentRecord.job_id == job_id
        )
        done, total = self._session.execute(query).one()
        return done, total

    def failed(self, collection_id: str) -> Sequence[DocumentRecord]:
        query = select(DocumentRecord).where(
            DocumentRecord.collection_id == collection_id, DocumentRecord.state == "failed"
        )
        return list(self._session.scalars(query))

    def twin(self, version: str) -> DocumentRecord | None:
        """A document whose live passages were made from the same bytes in the same way."""
        query = select(DocumentRecord).where(DocumentRecord.live_version == version).limit(1)
        return self._session.scalar(query)

    def note_version(self, record: DocumentRecord, at: datetime) -> None:
        """Remember the bytes that the document is searched with, for answers that cite them."""
        row = {
            "document_id": record.id,
            "content_hash": record.content_hash,
            "readable_hash": record.readable_hash,
            "format": record.format,
            "at": at,
        }
        self._session.execute(insert_new(self._session, DocumentVersionRecord), row)

    def version(self, document_id: str, content_hash: str) -> DocumentVersionRecord | None:
        return self._session.get(DocumentVersionRecord, (document_id, content_hash))

    def blobs(self, collection_id: str | None = None) -> set[str]:
        """Every digest that documents and their earlier versions refer to."""
        digests: set[str] = set()
        for column in (
            DocumentRecord.content_hash,
            DocumentRecord.readable_hash,
            DocumentVersionRecord.content_hash,
            DocumentVersionRecord.readable_hash,
        ):
            query = select(column).distinct()
            if collection_id is not None:
                if column.class_ is DocumentVersionRecord:
                    query = query.join(DocumentRecord, DocumentRecord.id == DocumentVersionRecord.document_id)
                query = query.where(DocumentRecord.collection_id == collection_id)
            digests.update(d for d in self._session.scalars(query) if d)
        return digests


class Passages(Repository[PassageRecord]):
    """The passages of documents; those of the live version are searched."""

    model: ClassVar = PassageRecord
    noun: ClassVar = "passage"

    def add_all(self, rows: Sequence[dict[str, Any]]) -> None:
        if rows:
            self._session.execute(insert_new(self._session, PassageRecord), list(rows))

    def page(
        self, document_id: str, *, limit: int, cursor: str | None
    ) -> tuple[Sequence[PassageRecord], str | None]:
        """Live passages in reading order; the cursor is the last ordinal."""
        query = (
            select(PassageRecord)
            .where(PassageRecord.document_id == document_id, PassageRecord.live)
            .order_by(PassageRecord.ordinal)
            .limit(limit + 1)
        )
        if cursor is not None:
            if not cursor.isdecimal() or len(cursor) > 9:
                raise InvalidRequestError("The cursor is not one that this list gave out.")
            query = query.where(PassageRecord.ordinal > int(cursor))
        found = list(self._session.scalars(query))
        more = len(found) > limit
        return found[:limit], str(found[limit - 1].ordinal) if more else None

    def of_version(self, document_id: str, version: str) -> Sequence[PassageRecord]:
        query = select(PassageRecord).where(
            PassageRecord.document_id == document_id, PassageRecord.version == version
        )
        return list(self._session.scalars(query.order_by(PassageRecord.ordinal)))

    def with_documents(self, ids: Sequence[str]) -> dict[str, Row[tuple[PassageRecord, DocumentRecord]]]:
        """Live passages with their documents, by passage id; what is gone from SQL is not in it."""
        found: dict[str, Row[tuple[PassageRecord, DocumentRecord]]] = {}
        for part in chunks(ids):
            query = (
                select(PassageRecord, DocumentRecord)
                .join(DocumentRecord, DocumentRecord.id == PassageRecord.document_id)
                .where(PassageRecord.id.in_(part), PassageRecord.live)
            )
            found.update({row.PassageRecord.id: row for row in self._session.execute(query)})
        return found

    def words(self, ids: Sequence[str]) -> dict[str, str]:
        """Symbol, context and text of passages, for matching identifiers."""
        found: dict[str, str] = {}
        for part in chunks(ids):
            query = select(
                PassageRecord.id, PassageRecord.symbol, PassageRecord.context, PassageRecord.text
            ).where(PassageRecord.id.in_(part))
            for key, symbol, context, text in self._session.execute(query):
                found[key] = f"{symbol or ''}\n{context}\n{text}"
        return found

    def ids(self, document_ids: Sequence[str]) -> list[str]:
        found: list[str] = []
        for part in chunks(document_ids):
            found.extend(
                self._session.scalars(select(PassageRecord.id).where(PassageRecord.document_id.in_(part)))
            )
        return found

    def live_ids(self, collection_id: str) -> set[str]:
        query = select(PassageRecord.id).where(
            PassageRecord.collection_id == collection_id, PassageRecord.live
        )
        return set(self._session.scalars(query))

    def wanted_ids(self, collection_id: str) -> set[str]:
        """The live passages, and those that will be live when their document's ingestion ends."""
        query = select(PassageRecord.id).join(DocumentRecord, DocumentRecord.id == PassageRecord.document_id)
        wanted = or_(PassageRecord.live, DocumentRecord.state == DocumentState.EMBEDDING)
        return set(self._session.scalars(query.where(PassageRecord.collection_id == collection_id, wanted)))

    def live_after(self, collection_id: str, after: str, limit: int) -> Sequence[PassageRecord]:
        query = (
            select(PassageRecord)
            .where(PassageRecord.collection_id == collection_id, PassageRecord.live, PassageRecord.id > after)
            .order_by(PassageRecord.id)
            .limit(limit)
        )
        return list(self._session.scalars(query))

    def drop_other_versions(self, document_id: str, version: str) -> list[str]:
        """Remove the passages of a document's other versions; returns their ids."""
        others = (
            PassageRecord.document_id == document_id,
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

    def drop(self, document_id: str) -> None:
        self._session.execute(delete(PassageRecord).where(PassageRecord.document_id == document_id))


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

    def of_passages(self, ids: Sequence[str], version: str) -> dict[str, VectorRows]:
        """The vectors of passages, by passage id."""
        found: dict[str, VectorRows] = {}
        for part in chunks(ids):
            query = (
                select(PassageRecord.id, VectorRecord.vector)
                .join(VectorRecord, VectorRecord.embedding_key == PassageRecord.embedding_key)
                .where(PassageRecord.id.in_(part), VectorRecord.embedding_version == version)
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
