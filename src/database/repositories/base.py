"""What every repository can do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from sqlalchemy import Select
from sqlalchemy.orm import InstrumentedAttribute, Session

from src.core.errors import NotFoundError, UnknownCursorError
from src.database.models import Base

M = TypeVar("M", bound=Base)

CHUNK = 500

_CURSOR = re.compile(r"[0-9a-f]{32}")


def chunks(ids: Sequence[str], size: int = CHUNK) -> Iterator[Sequence[str]]:
    """Parts small enough for one statement's parameters."""
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


class Repository(Generic[M]):
    """Typed access to one kind of record. It never commits: the unit of work does."""

    model: ClassVar[type[Base]]
    noun: ClassVar[str]

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, record: M) -> M:
        self._session.add(record)
        return record

    def find(self, key: str) -> M | None:
        return self._session.get(self.model, key)  # type: ignore[return-value]

    def get(self, key: str) -> M:
        """Raise NotFoundError where there is none."""
        record = self.find(key)
        if record is None:
            raise NotFoundError(f"There is no {self.noun} {key}.")
        return record

    def delete(self, record: M) -> None:
        self._session.delete(record)

    def _page(
        self,
        query: Select[Any],
        key: InstrumentedAttribute[str],
        *,
        limit: int,
        cursor: str | None,
        newest_first: bool = False,
    ) -> tuple[Sequence[M], str | None]:
        """One page in the order of ``key`` (ids sort by time) and the cursor of the next."""
        if cursor is not None:
            if not _CURSOR.fullmatch(cursor):
                raise UnknownCursorError()
            query = query.where(key < cursor if newest_first else key > cursor)
        query = query.order_by(key.desc() if newest_first else key.asc()).limit(limit + 1)
        records = list(self._session.scalars(query))
        more = len(records) > limit
        records = records[:limit]
        return records, str(getattr(records[-1], key.key)) if more else None
