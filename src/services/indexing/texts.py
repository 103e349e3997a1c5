"""The words of a passage as each index sees them."""

from __future__ import annotations

from src.database.models import DocumentRecord, PassageRecord


def embedded_text(document: DocumentRecord, passage: PassageRecord) -> str:
    """What is embedded: a line of context (path or title, and where in the document), then the text."""
    line = " › ".join(part for part in (document.path or document.title, passage.context) if part)
    return f"{line}\n{passage.text}" if line else passage.text


def lexical_title(document: DocumentRecord, passage: PassageRecord) -> str:
    """The words that name a passage: its document's title and path, and its symbol or headings."""
    parts = [document.title]
    if document.path and document.path != document.title:
        parts.append(document.path)
    parts.append(passage.symbol or "")
    if not passage.symbol:
        parts.append(passage.context)
    return " ".join(part for part in parts if part)
