"""Sources and what they skipped."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import ClassVar

from sqlalchemy import delete, select

from src.core.clock import new_id
from src.core.ports import SkippedFile
from src.database.inserts import insert_new
from src.database.models import SkippedFileRecord, SourceRecord

from .base import Repository


class Sources(Repository[SourceRecord]):
    """The sources of collections, and those whose time has come."""

    model: ClassVar = SourceRecord
    noun: ClassVar = "source"

    def page(
        self, collection_id: str, *, limit: int, cursor: str | None
    ) -> tuple[Sequence[SourceRecord], str | None]:
        query = select(SourceRecord).where(SourceRecord.collection_id == collection_id)
        return self._page(query, SourceRecord.id, limit=limit, cursor=cursor)

    def due(self, now: datetime) -> Sequence[SourceRecord]:
        query = select(SourceRecord).where(SourceRecord.next_run_at <= now)
        return list(self._session.scalars(query.order_by(SourceRecord.next_run_at)))

    def ids(self, collection_id: str) -> list[str]:
        return list(
            self._session.scalars(select(SourceRecord.id).where(SourceRecord.collection_id == collection_id))
        )


class SkippedFiles(Repository[SkippedFileRecord]):
    """The files that each source left out."""

    model: ClassVar = SkippedFileRecord
    noun: ClassVar = "skipped file"

    def page(
        self, source_id: str, *, limit: int, cursor: str | None
    ) -> tuple[Sequence[SkippedFileRecord], str | None]:
        query = select(SkippedFileRecord).where(SkippedFileRecord.source_id == source_id)
        return self._page(query, SkippedFileRecord.id, limit=limit, cursor=cursor)

    def note(self, source_id: str, files: Iterable[SkippedFile]) -> None:
        rows = [
            {
                "id": new_id(),
                "source_id": source_id,
                "path": file.path,
                "path_digest": path_digest(file.path),
                "code": file.code,
                "detail": file.detail,
            }
            for file in sorted(files, key=lambda file: file.path)
        ]
        self.forget(source_id, [row["path"] for row in rows])
        if rows:
            self._session.execute(insert_new(self._session, SkippedFileRecord), rows)

    def forget(self, source_id: str, paths: Sequence[str]) -> None:
        for start in range(0, len(paths), 500):
            digests = [path_digest(path) for path in paths[start : start + 500]]
            self._session.execute(
                delete(SkippedFileRecord).where(
                    SkippedFileRecord.source_id == source_id, SkippedFileRecord.path_digest.in_(digests)
                )
            )

    def clear(self, source_id: str) -> None:
        self._session.execute(delete(SkippedFileRecord).where(SkippedFileRecord.source_id == source_id))

    def count(self, source_id: str) -> int:
        query = select(SkippedFileRecord.id).where(SkippedFileRecord.source_id == source_id)
        return len(self._session.scalars(query).all())


def path_digest(path: str) -> str:
    """A path's SHA-256, for unique keys of a fixed length."""
    return hashlib.sha256(path.encode("utf-8", "surrogatepass")).hexdigest()
