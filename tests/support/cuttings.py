"""Collections in SQL alone whose documents are cut in two ways."""

from __future__ import annotations

from src.core.clock import new_id
from src.core.passages import CONFIGURED
from src.database.models import (
    CollectionRecord,
    DocumentRecord,
    IndexRecord,
    RatingRecord,
)
from src.database.uow import UnitOfWork

SMALL = "128-tokens"
LARGE_EACH = 5


def document(work: UnitOfWork, collection_id: str, number: int) -> str:
    """A document that is searched, its passages not yet; its id."""
    now = work.now()
    record = work.documents.add(
        DocumentRecord(
            id=f"d{number:05}",
            collection_id=collection_id,
            external_id=f"{number}",
            external_digest=f"{number:064}",
            title=f"{number}",
            size=1,
            content_hash="h" * 64,
            live_hash="h" * 64,
            version=f"{number:064}",
            live_version=f"{number:064}",
            state="indexed",
            attempts=1,
            notices=[],
            details={},
            passage_count=LARGE_EACH,
            created_at=now,
            updated_at=now,
        )
    )
    return record.id


def collection(work: UnitOfWork) -> str:
    """A collection with a live index as configured, and a smaller cutting on standby; its id."""
    now = work.now()
    record = work.collections.add(
        CollectionRecord(
            id=new_id(), name="A", description="", visibility="team", created_at=now, updated_at=now
        )
    )
    work.session.flush()
    for cutting, state in ((CONFIGURED, "live"), (SMALL, "standby")):
        work.indexes.add(
            IndexRecord(
                id=new_id(),
                collection_id=record.id,
                embedding_version="v",
                cutting=cutting,
                lexical_version="l",
                dimensions=4,
                state=state,
                created_at=now,
                switched_at=now,
            )
        )
    return record.id


def passages(
    document_id: str, collection_id: str, cutting: str, count: int, version: str, lines: int = 50
) -> list[dict[str, object]]:
    """So many live passages of a document, each of as many of its lines."""
    step = lines // count
    return [
        {
            "id": f"{document_id}-{cutting}-{n}",
            "document_id": document_id,
            "collection_id": collection_id,
            "version": version,
            "cutting": cutting,
            "ordinal": n,
            "kind": "text",
            "symbol": None,
            "context": "",
            "text": "\n".join(
                f"{document_id} says in line {line} what nobody else says anywhere"
                for line in range(n * step + 1, (n + 1) * step + 1)
            ),
            "location": {"start_line": n * step + 1, "end_line": (n + 1) * step},
            "attributes": {},
            "embedding_key": f"{document_id}-{cutting}-{n}",
            "live": True,
        }
        for n in range(count)
    ]


def rating(work: UnitOfWork, user_id: str, collection_id: str, content_key: str) -> RatingRecord:
    """A counted up-vote on a content."""
    return RatingRecord(
        id=new_id(),
        user_id=user_id,
        object_key=new_id(),
        kind="hit",
        search_id=new_id(),
        collection_id=collection_id,
        content_key=content_key,
        question="?",
        question_key="q" * 64,
        verdict="up",
        reasons=[],
        state="counted",
        created_at=work.now(),
        updated_at=work.now(),
    )
