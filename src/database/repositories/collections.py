"""Collections, memberships and index versions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import ClassVar

from sqlalchemy import func, select

from src.core.caller import Caller
from src.database.models import (
    CollectionRecord,
    DocumentRecord,
    IndexRecord,
    MembershipRecord,
    ModelRecord,
    SourceRecord,
)

from .base import Repository
from .reading import readable, writable
from .searching import Searching


class Collections(Repository[CollectionRecord]):
    """The collections, with the counts that users see."""

    model: ClassVar = CollectionRecord
    noun: ClassVar = "collection"

    def page(
        self, caller: Caller, *, limit: int, cursor: str | None
    ) -> tuple[Sequence[CollectionRecord], str | None]:
        query = select(CollectionRecord).where(CollectionRecord.id.in_(readable(caller)))
        return self._page(query, CollectionRecord.id, limit=limit, cursor=cursor)

    def writable(self, caller: Caller, ids: Collection[str]) -> set[str]:
        """Those of the collections that the caller may change."""
        return set(self._session.scalars(writable(caller).where(CollectionRecord.id.in_(ids))))

    def all(self) -> Sequence[CollectionRecord]:
        return list(self._session.scalars(select(CollectionRecord).order_by(CollectionRecord.id)))

    def hold(self, collection_id: str, *, alone: bool = False) -> None:
        """Until this transaction ends, keep out those who would hold the collection ``alone``; with
        ``alone`` everybody who holds it. SQLite has one writer at a time in any case."""
        query = select(CollectionRecord.id).where(CollectionRecord.id == collection_id)
        self._session.execute(query.with_for_update(read=not alone))

    def names(self, ids: Collection[str]) -> dict[str, str]:
        query = select(CollectionRecord.id, CollectionRecord.name).where(CollectionRecord.id.in_(ids))
        return {row.id: row.name for row in self._session.execute(query)}

    def states(self, ids: Collection[str]) -> dict[str, dict[str, int]]:
        """Documents by state of each collection."""
        query = (
            select(DocumentRecord.collection_id, DocumentRecord.state, func.count())
            .where(DocumentRecord.collection_id.in_(ids))
            .group_by(DocumentRecord.collection_id, DocumentRecord.state)
        )
        counts: dict[str, dict[str, int]] = {key: {} for key in ids}
        for collection_id, state, count in self._session.execute(query):
            counts[collection_id][state] = count
        return counts

    def passages(self, ids: Collection[str]) -> dict[str, int]:
        """Passages that can be searched, of each collection."""
        query = (
            select(DocumentRecord.collection_id, func.sum(DocumentRecord.passage_count))
            .where(DocumentRecord.collection_id.in_(ids))
            .group_by(DocumentRecord.collection_id)
        )
        return {key: int(count or 0) for key, count in self._session.execute(query)}

    def sources(self, ids: Collection[str]) -> dict[str, int]:
        query = (
            select(SourceRecord.collection_id, func.count())
            .where(SourceRecord.collection_id.in_(ids))
            .group_by(SourceRecord.collection_id)
        )
        return {key: count for key, count in self._session.execute(query)}

    def membership(self, collection_id: str, user_id: str) -> MembershipRecord | None:
        return self._session.get(MembershipRecord, (collection_id, user_id))


class Indexes(Repository[IndexRecord]):
    """The versions of each collection's indexes, and which of them is searched."""

    model: ClassVar = IndexRecord
    noun: ClassVar = "index"

    def live(self, collection_id: str) -> IndexRecord | None:
        query = select(IndexRecord).where(
            IndexRecord.state == "live", IndexRecord.collection_id == collection_id
        )
        return self._session.scalar(query.order_by(IndexRecord.id.desc()).limit(1))

    def written(self, collection_id: str) -> Sequence[IndexRecord]:
        """The indexes that must receive what changes: live, on standby, or being built."""
        query = select(IndexRecord).where(
            IndexRecord.state != "retired", IndexRecord.collection_id == collection_id
        )
        return list(self._session.scalars(query.order_by(IndexRecord.id)))

    def standby(
        self, collection_id: str, embedding_version: str | None = None, cutting: str | None = None
    ) -> IndexRecord | None:
        """The newest index that could take the live one's place at once; of that embedding version and
        cutting where they are given."""
        query = select(IndexRecord).where(
            IndexRecord.state == "standby", IndexRecord.collection_id == collection_id
        )
        if embedding_version is not None:
            query = query.where(IndexRecord.embedding_version == embedding_version)
        if cutting is not None:
            query = query.where(IndexRecord.cutting == cutting)
        newest = (IndexRecord.switched_at.desc(), IndexRecord.id.desc())
        return self._session.scalar(query.order_by(*newest).limit(1))

    def ranked_by(self, model: ModelRecord) -> IndexRecord | None:
        """The index that a model ranks: the live one, or where it names another, that, if it is whole."""
        live = self.live(model.collection_id)
        version = model.embedding_version or (live.embedding_version if live is not None else None)
        cutting = model.cutting or (live.cutting if live is not None else None)
        if live is not None and (version, cutting) == (live.embedding_version, live.cutting):
            return live
        return self.standby(model.collection_id, version, cutting)

    def of(self, collection_id: str) -> Sequence[IndexRecord]:
        query = select(IndexRecord).where(IndexRecord.collection_id == collection_id)
        return list(self._session.scalars(query.order_by(IndexRecord.id)))

    def in_state(self, state: str) -> Sequence[IndexRecord]:
        query = select(IndexRecord).where(IndexRecord.state == state)
        return list(self._session.scalars(query.order_by(IndexRecord.id)))

    def known(self) -> set[str]:
        return set(self._session.scalars(select(IndexRecord.id)))

    def versions(self, collection_ids: Collection[str]) -> dict[str, str]:
        """What the live index of each collection is made with."""
        found = Searching(self._session.connection()).live_indexes(collection_ids)
        return {index.collection_id: index.name for index in found}
