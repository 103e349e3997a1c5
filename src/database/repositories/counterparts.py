"""The contents that a collection's readers voted on, and what stands at their place in other cuttings."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import CursorResult, delete, exists, select
from sqlalchemy.orm import Session

from src.database.inserts import insert_new
from src.database.models import CounterpartRecord, PassageRecord, RatingRecord

from .base import chunks


@dataclass(frozen=True)
class Content:
    """A live passage: what names its content, and where it stands."""

    key: str
    document_id: str
    location: dict[str, Any]
    text: str


class Counterparts:
    """Those of one collection."""

    def __init__(self, session: Session, collection_id: str) -> None:
        self._session = session
        self._collection_id = collection_id

    def voted(self) -> set[str]:
        """The contents that votes name."""
        query = select(RatingRecord.content_key).where(
            RatingRecord.collection_id == self._collection_id, RatingRecord.content_key.is_not(None)
        )
        return {key for key in self._session.scalars(query.distinct()) if key is not None}

    def at_home(self, keys: Collection[str], cutting: str) -> set[str]:
        """Those of the contents that stand in that cutting themselves."""
        found: set[str] = set()
        for part in chunks(sorted(keys)):
            query = select(PassageRecord.embedding_key).where(
                PassageRecord.embedding_key.in_(part), *self._in(cutting)
            )
            found.update(self._session.scalars(query))
        return found

    def translated(self, cutting: str, *, standing: bool = True) -> set[str]:
        """The contents that have a counterpart in that cutting, for ``standing`` one which still stands
        there."""
        query = select(CounterpartRecord.content_key).where(*self._mine, CounterpartRecord.cutting == cutting)
        if standing:
            there = PassageRecord.embedding_key == CounterpartRecord.counterpart_key
            query = query.join(PassageRecord, there).where(*self._in(cutting))
        return set(self._session.scalars(query.distinct()))

    def known(self, keys: Iterable[str]) -> dict[str, set[str]]:
        """Each content with all of its counterparts, itself among them."""
        found = {key: {key} for key in keys}
        for part in chunks(sorted(found)):
            query = select(CounterpartRecord.content_key, CounterpartRecord.counterpart_key).where(
                *self._mine, CounterpartRecord.content_key.in_(part)
            )
            for key, counterpart in self._session.execute(query):
                found[key].add(counterpart)
        return found

    def of(self, keys: Iterable[str], cuttings: Collection[str]) -> dict[str, list[str]]:
        """The counterparts of contents in these cuttings; what has none is not in it."""
        found: dict[str, list[str]] = {}
        for part in chunks(sorted(set(keys))):
            query = (
                select(CounterpartRecord.content_key, CounterpartRecord.counterpart_key)
                .where(
                    *self._mine,
                    CounterpartRecord.content_key.in_(part),
                    CounterpartRecord.cutting.in_(cuttings),
                )
                .order_by(CounterpartRecord.content_key, CounterpartRecord.counterpart_key)
            )
            for key, counterpart in self._session.execute(query):
                found.setdefault(key, []).append(counterpart)
        return found

    def standing(self, keys: Collection[str], *, but: str) -> dict[str, list[Content]]:
        """Where these contents stand, in other cuttings than that."""
        found: dict[str, list[Content]] = {}
        for part in chunks(sorted(keys)):
            query = select(*_CONTENT).where(
                PassageRecord.embedding_key.in_(part),
                PassageRecord.collection_id == self._collection_id,
                PassageRecord.cutting != but,
                PassageRecord.live,
            )
            for row in self._session.execute(query):
                found.setdefault(row.embedding_key, []).append(Content(*row))
        return found

    def cut(self, document_ids: Collection[str], cutting: str) -> list[Content]:
        """What stands in these documents in a cutting."""
        found: list[Content] = []
        for part in chunks(sorted(document_ids)):
            query = select(*_CONTENT).where(PassageRecord.document_id.in_(part), *self._in(cutting))
            found.extend(Content(*row) for row in self._session.execute(query))
        return found

    def drop(self, cutting: str, keys: Collection[str]) -> None:
        """Forget the counterparts of contents in a cutting."""
        for part in chunks(sorted(keys)):
            of = (*self._mine, CounterpartRecord.cutting == cutting, CounterpartRecord.content_key.in_(part))
            self._session.execute(delete(CounterpartRecord).where(*of))

    def add(self, cutting: str, pairs: Iterable[tuple[str, str]]) -> None:
        """Write down contents with their counterparts."""
        rows = [
            {
                "collection_id": self._collection_id,
                "cutting": cutting,
                "content_key": key,
                "counterpart_key": counterpart,
            }
            for key, counterpart in sorted(pairs)
        ]
        if rows:
            self._session.execute(insert_new(self._session, CounterpartRecord), rows)

    @property
    def _mine(self) -> tuple[Any, ...]:
        return (CounterpartRecord.collection_id == self._collection_id,)

    def _in(self, cutting: str) -> tuple[Any, ...]:
        return (
            PassageRecord.collection_id == self._collection_id,
            PassageRecord.cutting == cutting,
            PassageRecord.live,
        )


_CONTENT = (
    PassageRecord.embedding_key,
    PassageRecord.document_id,
    PassageRecord.location,
    PassageRecord.text,
)


def drop_unvoted(session: Session) -> int:
    """Remove the counterparts of contents that nobody's vote names any more; returns how many."""
    voted = exists().where(
        RatingRecord.collection_id == CounterpartRecord.collection_id,
        RatingRecord.content_key == CounterpartRecord.content_key,
    )
    gone = delete(CounterpartRecord).where(~voted).execution_options(synchronize_session=False)
    return cast("CursorResult[Any]", session.execute(gone)).rowcount
