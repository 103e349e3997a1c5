"""From a parsed document to the rows that SQL keeps and the texts that are embedded."""

from __future__ import annotations

import hashlib
from typing import Any

from src.core.passages import Location, PassageDraft, PassageKind
from src.database.models import DocumentRecord, PassageRecord


def passage_id(document_id: str, version: str, ordinal: int) -> str:
    """The same passage of the same version always has the same id, so that every stage can be repeated."""
    return hashlib.sha256(f"{document_id}\x00{version}\x00{ordinal}".encode()).hexdigest()[:32]


def embedding_key(document: DocumentRecord, context: str, text: str) -> str:
    """Names the vector of a passage's content. The path is left out, so that what was moved or stands
    in two collections is embedded once; the title of a document without a path is part of its content."""
    title = "" if document.path else document.title
    return hashlib.sha256(f"{title}\x00{context}\x00{text}".encode("utf-8", "surrogatepass")).hexdigest()


def rows(
    document: DocumentRecord, drafts: tuple[PassageDraft, ...], version: str, cutting: str
) -> list[dict[str, Any]]:
    """The rows of a document's new version in a cutting; they are not live yet."""
    return [
        {
            "id": passage_id(document.id, version, ordinal),
            "document_id": document.id,
            "collection_id": document.collection_id,
            "version": version,
            "cutting": cutting,
            "ordinal": ordinal,
            "kind": draft.kind.value,
            "symbol": draft.symbol,
            "context": draft.context,
            "text": draft.text,
            "location": placed(draft.location, document),
            "attributes": draft.attributes,
            "embedding_key": embedding_key(document, draft.context, draft.text),
            "live": False,
        }
        for ordinal, draft in enumerate(drafts)
    ]


def placed(location: Location, document: DocumentRecord) -> dict[str, Any]:
    """The location with the document's path and commit."""
    named = location.model_copy(update={"path": document.path, "commit": document.commit})
    return named.model_dump(mode="json")


def draft_of(record: PassageRecord) -> PassageDraft:
    """The draft that a stored passage was made from."""
    location = Location.model_validate(record.location)
    return PassageDraft(
        kind=PassageKind(record.kind),
        text=record.text,
        location=location.model_copy(update={"path": None, "commit": None}),
        context=record.context,
        symbol=record.symbol,
        attributes=record.attributes,
    )
