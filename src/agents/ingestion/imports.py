"""Reading the lines of an NDJSON import."""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json

from src.core.messages.base import Text
from src.core.messages.documents import RejectedLine


class ImportedDocument(BaseModel):
    """One line of an import."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    external_id: Text = Field(min_length=1, max_length=1024)
    title: Text = Field("", max_length=4000)
    text: str
    uri: Text | None = Field(None, max_length=4000)
    media_type: Text | None = Field(None, max_length=200)
    metadata: dict[str, Any] = {}


def read_lines(body: bytes, *, max_line_bytes: int) -> tuple[list[ImportedDocument], int, list[RejectedLine]]:
    """The documents, the number of good lines, and the reason of each bad one. Empty lines are passed
    over; of two lines with the same external id the later counts."""
    documents: dict[str, ImportedDocument] = {}
    rejected: list[RejectedLine] = []
    good = 0
    for number, line in enumerate(body.split(b"\n"), start=1):
        if not line.strip():
            continue
        if len(line) > max_line_bytes:
            detail = f"The line has {len(line)} bytes; the limit for a document is {max_line_bytes}."
            rejected.append(RejectedLine(line=number, code="too_large", detail=detail))
            continue
        document = _read(line, number)
        if isinstance(document, RejectedLine):
            rejected.append(document)
        else:
            good += 1
            documents.pop(document.external_id, None)
            documents[document.external_id] = document
    return list(documents.values()), good, rejected


def _read(line: bytes, number: int) -> ImportedDocument | RejectedLine:
    try:
        value = from_json(line.removeprefix(BOM_UTF8) if number == 1 else line, allow_inf_nan=False)
    except ValueError as error:
        return RejectedLine(line=number, code="malformed_json", detail=_cut(f"Not a JSON object: {error}"))
    if not isinstance(value, dict):
        return RejectedLine(line=number, code="malformed_json", detail="A line must be a JSON object.")
    try:
        document = ImportedDocument.model_validate(value)
        json.dumps(document.metadata, allow_nan=False)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "line"
        return RejectedLine(line=number, code="invalid_line", detail=_cut(f"{where}: {first['msg']}"))
    except ValueError as error:
        return RejectedLine(line=number, code="invalid_line", detail=_cut(f"metadata: {error}"))
    if _holds_nul(document.metadata):
        return RejectedLine(line=number, code="invalid_line", detail="metadata: must not hold NUL")
    return document


def _holds_nul(value: Any) -> bool:
    """Whether NUL, which PostgreSQL cannot store, is in a string of what JSON can hold."""
    if isinstance(value, dict):
        return any("\x00" in key or _holds_nul(inner) for key, inner in value.items())
    if isinstance(value, list):
        return any(map(_holds_nul, value))
    return isinstance(value, str) and "\x00" in value


def _cut(text: str) -> str:
    return text if len(text) <= 300 else text[:299] + "…"
