"""What differs between SQL and the stores."""

from __future__ import annotations

from dataclasses import dataclass

from src.core.errors import IndexMissingError
from src.core.messages.indexes import IndexReport
from src.database.models import CollectionRecord, IndexRecord
from src.database.uow import Database
from src.services.indexing import IndexWriter


@dataclass(frozen=True)
class Difference:
    """Passage ids that an index lacks or should not hold. ``absent`` means the index itself is missing."""

    missing_vectors: frozenset[str]
    missing_entries: frozenset[str]
    stray_vectors: frozenset[str]
    stray_entries: frozenset[str]
    absent: bool

    @property
    def sound(self) -> bool:
        return not (
            self.absent
            or self.missing_vectors
            or self.missing_entries
            or self.stray_vectors
            or self.stray_entries
        )


def compare(database: Database, writer: IndexWriter, index: IndexRecord) -> tuple[int, Difference]:
    """The number of passages that SQL has, and what differs in the stores."""
    with database.read() as work:
        wanted = work.passages.live_ids(index.collection_id, index.cutting)
    try:
        vectors, entries = writer.stored(index.id)
        absent = False
    except IndexMissingError:
        vectors, entries, absent = set(), set(), True
    return len(wanted), Difference(
        missing_vectors=frozenset(wanted - vectors),
        missing_entries=frozenset(wanted - entries),
        stray_vectors=frozenset(vectors - wanted),
        stray_entries=frozenset(entries - wanted),
        absent=absent,
    )


def report(database: Database, writer: IndexWriter, collection: CollectionRecord) -> IndexReport:
    """The state of one collection's live index."""
    with database.read() as work:
        index = work.indexes.live(collection.id)
        passages = work.passages.searched_count(collection.id) if index is None else 0
    if index is None:
        return IndexReport(
            collection_id=collection.id,
            collection=collection.name,
            index_id=None,
            passages=passages,
            missing_vectors=passages,
            missing_entries=passages,
            stray_vectors=0,
            stray_entries=0,
            outdated=True,
            sound=False,
        )
    passages, difference = compare(database, writer, index)
    outdated = not writer.current(index, writer.wanted(collection))
    return IndexReport(
        collection_id=collection.id,
        collection=collection.name,
        index_id=index.id,
        passages=passages,
        missing_vectors=len(difference.missing_vectors),
        missing_entries=len(difference.missing_entries),
        stray_vectors=len(difference.stray_vectors),
        stray_entries=len(difference.stray_entries),
        outdated=outdated,
        sound=difference.sound and not outdated,
    )
