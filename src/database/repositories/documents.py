"""Documents and their versions."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import func, or_, select, update

from src.core.messages.documents import FINAL_STATES
from src.database.inserts import insert_new
from src.database.models import DocumentRecord, DocumentVersionRecord

from .base import Repository, chunks

_AT_ONCE = 1000


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

    def line_up(self, collection_id: str) -> None:
        """Until this transaction ends, keep others from adding documents to the collection: two that add the
        same one would not see each other's. SQLite has one writer at a time in any case."""
        if self._session.get_bind().dialect.name == "postgresql":
            self._session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(collection_id, 0))))

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

    def searched(self, collection_id: str, after: str = "") -> Iterator[DocumentRecord]:
        """The documents of which a version is searched, in order of id, behind that of ``after``."""
        last = after
        while True:
            query = select(DocumentRecord).where(
                DocumentRecord.collection_id == collection_id,
                DocumentRecord.live_version.is_not(None),
                DocumentRecord.id > last,
            )
            found = list(self._session.scalars(query.order_by(DocumentRecord.id).limit(_AT_ONCE)))
            yield from found
            if len(found) < _AT_ONCE:
                return
            last = found[-1].id

    def cuts(self, collection_id: str) -> Iterator[Any]:
        """Of each document of which a version is searched the columns that tell how it was cut."""
        columns = (
            DocumentRecord.content_hash,
            DocumentRecord.live_hash,
            DocumentRecord.live_version,
            DocumentRecord.path,
            DocumentRecord.external_id,
            DocumentRecord.media_type,
        )
        searched = (DocumentRecord.collection_id == collection_id, DocumentRecord.live_version.is_not(None))
        yield from self._session.execute(select(*columns).where(*searched))

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
        """Remember the bytes that the document is searched with, for answers that cite them, and how they
        are read now: under another name or by another parser the same bytes have other lines."""
        known = {"document_id": record.id, "content_hash": record.content_hash}
        read = {"readable_hash": record.readable_hash, "format": record.format}
        self._session.execute(insert_new(self._session, DocumentVersionRecord), {**known, **read, "at": at})
        self._session.execute(update(DocumentVersionRecord).filter_by(**known).values(**read))

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
