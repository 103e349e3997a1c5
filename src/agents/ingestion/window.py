"""A window: the documents that go through the stages together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from src.core.messages.documents import DocumentState
from src.core.ports import Vectors
from src.database.models import DocumentRecord
from src.database.uow import Work
from src.services.indexing.cuts import CutSet


@dataclass(frozen=True)
class Ticket:
    """A document of the window with the version that this run is to index."""

    document: DocumentRecord
    content_hash: str
    version: str
    cutting: str


@dataclass(frozen=True)
class Stored:
    """The documents of a window whose passages are in SQL, by document, and what is embedded of them, by
    key."""

    tickets: list[Ticket]
    cuts: dict[str, CutSet]
    texts: dict[str, str]


@dataclass(frozen=True)
class Embedded:
    """The documents of a window whose passages have their vectors, ready for the indexes.

    ``cuts`` are by cutting, then by document: as the collection was searched when the window began, and as
    else the indexes hold them. ``texts`` are what is embedded of the former, by key; ``vectors`` are by
    embedding version, then by key."""

    tickets: list[Ticket]
    cuts: dict[str, dict[str, CutSet]]
    texts: dict[str, str]
    vectors: dict[str, dict[str, Vectors]]


def current(work: Work, window: Sequence[Ticket], job_id: str) -> Iterator[tuple[Ticket, DocumentRecord]]:
    """The tickets whose documents are still to be brought to this version by this job."""
    for ticket in window:
        record = work.documents.find(ticket.document.id)
        if (
            record is not None
            and record.job_id == job_id
            and record.content_hash == ticket.content_hash
            and not DocumentState(record.state).final
        ):
            yield ticket, record
