"""Parsed documents and failures as plain JSON values.

JSON and not pickle: what a parsing process sends is not trusted, for its bytes were foreign.
"""

from __future__ import annotations

import json
from typing import Any

from src.core.errors import DocumentError
from src.core.passages import Location, ParsedDocument, PassageDraft, PassageKind


def pack(document: ParsedDocument) -> bytes:
    value = {
        "format": document.format,
        "title": document.title,
        "notices": document.notices,
        "readable_text": document.readable_text,
        "drafts": [
            (d.kind, d.text, d.location.model_dump(), d.context, d.symbol, d.attributes)
            for d in document.drafts
        ],
    }
    return json.dumps(value, ensure_ascii=False).encode("utf-8")


def unpack(packed: bytes) -> ParsedDocument:
    value = json.loads(packed)
    return ParsedDocument(
        format=value["format"],
        title=value["title"],
        notices=tuple(value["notices"]),
        readable_text=value["readable_text"],
        drafts=tuple(
            PassageDraft(PassageKind(kind), text, Location(**location), context, symbol, attributes)
            for kind, text, location, context, symbol, attributes in value["drafts"]
        ),
    )


def pack_error(error: DocumentError) -> dict[str, Any]:
    return {
        "code": error.code,
        "detail": error.detail,
        "stage": error.stage,
        "retryable": error.retryable,
    }


def unpack_error(value: dict[str, Any]) -> DocumentError:
    return DocumentError(value["code"], value["detail"], stage=value["stage"], retryable=value["retryable"])
