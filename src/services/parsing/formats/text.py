"""Plain text and data files: as paragraphs and lines."""

from __future__ import annotations

from src.core.passages import PassageKind
from src.services.parsing.encodings import decode
from src.services.parsing.limits import ParsingLimits
from src.services.parsing.lines import Lines
from src.services.parsing.pieces import LONGEST_CONTEXT, Original, Piece, Reading


class TextFormat:
    """Reads one kind of text that has no structure but its lines."""

    def __init__(self, name: str, suffixes: str, media_types: str) -> None:
        self.name = name
        self.suffixes = frozenset(suffixes.split())
        self.media_types = frozenset(media_types.split())

    def read(self, original: Original, limits: ParsingLimits) -> Reading:
        decoded = decode(original.content)
        notices = (decoded.notice,) if decoded.notice else ()
        return as_text(Lines(decoded.text), self.name, notices)


def text_formats() -> tuple[TextFormat, ...]:
    """The kinds of text; the last is for every text that nothing else claims."""
    return (
        TextFormat("csv", ".csv .tsv", "text/csv text/tab-separated-values"),
        TextFormat("json", ".json .jsonl .ndjson", "application/json application/x-ndjson"),
        TextFormat("yaml", ".yaml .yml", "application/yaml application/x-yaml text/yaml"),
        TextFormat("toml", ".toml", "application/toml"),
        TextFormat("xml", ".xml", "application/xml text/xml"),
        TextFormat("ini", ".ini .cfg .conf .properties", ""),
        TextFormat("text", ".txt .text .log", "text/plain"),
    )


def as_text(lines: Lines, kind: str, notices: tuple[str, ...] = ()) -> Reading:
    """The whole text as one piece; the head line of a table is the context of each of its parts."""
    context = lines[1].strip()[:LONGEST_CONTEXT] if kind == "csv" and len(lines) else ""
    piece = Piece(PassageKind.TEXT, 1, len(lines), context=context)
    return Reading(kind, lines, (piece,), notices=notices)
