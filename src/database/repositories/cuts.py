"""How documents stand in the cuttings that are not searched."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Select, and_, delete, exists, func, insert, literal, null, select, update
from sqlalchemy.orm import Session

from src.core.errors import UnknownCursorError
from src.core.messages.documents import DocumentState
from src.database.models import CutRecord, DocumentRecord

from .base import chunks

SWITCHED = "cutting"
"""The stage of a document's error that came with the switch to a cutting in which it has no passages."""


_LONGEST = 64


class DocumentCuts:
    """A row for each document and cutting that its collection has beside the one that is searched."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def standing(self, collection_id: str, cutting: str) -> Iterator[Any]:
        """Of each document of which some bytes were made searchable: what names its passages there, and the
        version that it has there, None where it has none yet."""
        own = and_(CutRecord.document_id == DocumentRecord.id, CutRecord.cutting == cutting)
        query = (
            select(
                DocumentRecord.id,
                DocumentRecord.live_hash,
                DocumentRecord.path,
                DocumentRecord.external_id,
                DocumentRecord.media_type,
                DocumentRecord.size,
                CutRecord.version,
            )
            .outerjoin(CutRecord, own)
            .where(DocumentRecord.collection_id == collection_id, DocumentRecord.live_hash.is_not(None))
        )
        yield from self._session.execute(query.order_by(DocumentRecord.id))

    def note(
        self,
        document_id: str,
        cutting: str,
        version: str,
        passages: int,
        error: tuple[str, str] | None = None,
    ) -> None:
        """Write down how a document stands; ``error`` is the code and the sentence of why it has none."""
        code, detail = error or (None, None)
        record = CutRecord(
            document_id=document_id,
            cutting=cutting,
            version=version,
            passages=passages,
            error_code=code,
            error_detail=detail,
        )
        self._session.merge(record)

    def drop(self, document_id: str, cutting: str) -> None:
        self._session.execute(
            delete(CutRecord).where(CutRecord.document_id == document_id, CutRecord.cutting == cutting)
        )

    def failed(self, collection_id: str, cutting: str) -> int:
        """How many documents cannot be cut so."""
        query = select(func.count()).where(
            CutRecord.document_id.in_(_documents(collection_id)),
            CutRecord.cutting == cutting,
            CutRecord.error_code.is_not(None),
        )
        return self._session.scalar(query) or 0

    def failures(
        self, collection_id: str, cutting: str, *, limit: int, cursor: str | None
    ) -> tuple[list[tuple[DocumentRecord, CutRecord]], str | None]:
        """The documents that cannot be cut so, with why, and the cursor of the next page."""
        if cursor is not None and len(cursor) > _LONGEST:
            raise UnknownCursorError()
        query = (
            select(DocumentRecord, CutRecord)
            .join(CutRecord, CutRecord.document_id == DocumentRecord.id)
            .where(
                DocumentRecord.collection_id == collection_id,
                DocumentRecord.id > (cursor or ""),
                CutRecord.cutting == cutting,
                CutRecord.error_code.is_not(None),
            )
            .order_by(DocumentRecord.id)
        )
        found = [(document, cut) for document, cut in self._session.execute(query.limit(limit + 1))]
        return found[:limit], found[limit - 1][0].id if len(found) > limit else None

    def held(self) -> list[tuple[str, str]]:
        """The collections with the cuttings that their documents stand in beside the one that is searched."""
        query = (
            select(DocumentRecord.collection_id, CutRecord.cutting)
            .join(CutRecord, CutRecord.document_id == DocumentRecord.id)
            .distinct()
            .order_by(DocumentRecord.collection_id, CutRecord.cutting)
        )
        return [(collection_id, cutting) for collection_id, cutting in self._session.execute(query)]

    def forget(self, collection_id: str, cutting: str, limit: int) -> list[str]:
        """Have at most so many documents have no row in a cutting; returns their ids."""
        query = select(CutRecord.document_id).where(
            CutRecord.document_id.in_(_documents(collection_id)), CutRecord.cutting == cutting
        )
        found = list(self._session.scalars(query.order_by(CutRecord.document_id).limit(limit)))
        for part in chunks(found):
            self._session.execute(
                delete(CutRecord).where(CutRecord.document_id.in_(part), CutRecord.cutting == cutting)
            )
        return found

    def exchange(self, collection_id: str, before: str, after: str) -> None:
        """Have the documents of a collection be known by their passages in another cutting. What has none
        there has failed, and is as it was on the way back. Statements over all documents: thousands take
        milliseconds."""
        self._session.flush()
        mine, searched = (
            DocumentRecord.collection_id == collection_id,
            DocumentRecord.live_version.is_not(None),
        )
        known = select(DocumentRecord.id).where(mine, searched)
        self._session.execute(
            delete(CutRecord).where(CutRecord.document_id.in_(known), CutRecord.cutting == before)
        )
        columns = ("document_id", "cutting", "version", "passages", "error_code", "error_detail")
        kept = select(
            DocumentRecord.id,
            literal(before),
            DocumentRecord.live_version,
            DocumentRecord.passage_count,
            null(),
            null(),
        ).where(mine, searched)
        self._session.execute(insert(CutRecord).from_select(columns, kept))
        own = (CutRecord.document_id == DocumentRecord.id, CutRecord.cutting == after)
        whole = (*own, CutRecord.error_code.is_(None))
        self._update(mine, ~exists().where(*whole), live_version=None, passage_count=0)
        self._update(mine, *whole, live_version=CutRecord.version, passage_count=CutRecord.passages)
        self._update(
            mine,
            *own,
            CutRecord.error_code.is_not(None),
            DocumentRecord.state == DocumentState.INDEXED.value,
            state=DocumentState.FAILED.value,
            error_stage=SWITCHED,
            error_code=CutRecord.error_code,
            error_detail=CutRecord.error_detail,
            error_retryable=False,
        )
        self._update(
            mine,
            *whole,
            DocumentRecord.error_stage == SWITCHED,
            state=DocumentState.INDEXED.value,
            error_stage=None,
            error_code=None,
            error_detail=None,
            error_retryable=None,
        )
        self._session.execute(
            delete(CutRecord).where(
                CutRecord.document_id.in_(_documents(collection_id)),
                CutRecord.cutting == after,
                CutRecord.error_code.is_(None),
            )
        )
        self._session.expire_all()

    def _update(self, *which: Any, **values: Any) -> None:
        statement = update(DocumentRecord).where(*which).values(**values)
        self._session.execute(statement.execution_options(synchronize_session=False))


def _documents(collection_id: str) -> Select[str]:
    return select(DocumentRecord.id).where(DocumentRecord.collection_id == collection_id)
