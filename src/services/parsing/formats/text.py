"""Plain text and data files: as paragraphs and lines."""

from __future__ import annotations

from collections.abc import Mapping

from src.core.passages import PassageKind
from src.services.parsing.encodings import decode
from src.services.parsing.limits import ParsingLimits
from src.services.parsing.lines import Lines
from src.services.parsing.pieces import LONGEST_CONTEXT, Original, Piece, Reading

_SUFFIXES: Mapping[str, str] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".toml": "toml",
    ".xml": "xml",
    ".ini": "ini",
    ".cfg": "ini",
    ".conf": "ini",
    ".properties": "ini",
    ".txt": "text",
    ".text": "text",
    ".log": "text",
}
_MEDIA_TYPES: Mapping[str, str] = {
    "text/csv": "csv",
    "text/tab-separated-values": "csv",
    "application/json": "json",
    "application/x-ndjson": "json",
    "application/yaml": "yaml",
    "application/x-yaml": "yaml",
    "text/yaml": "yaml",
    "application/toml": "toml",
    "application/xml": "xml",
    "text/xml": "xml",
    "text/plain": "text",
}


class TextFormat:
    """Reads whatever is text and has no structure that another format knows."""

    @property
    def suffixes(self) -> frozenset[str]:
        return frozenset(_SUFFIXES)

    @property
    def media_types(self) -> frozenset[str]:
        return frozenset(_MEDIA_TYPES)

    def read(self, original: Original, limits: ParsingLimits) -> Reading:
        decoded = decode(original.content)
        notices = (decoded.notice,) if decoded.notice else ()
        return as_text(Lines(decoded.text), _SUFFIXES.get(original.suffix, "text"), notices)


def as_text(lines: Lines, kind: str, notices: tuple[str, ...] = ()) -> Reading:
    """The whole text as one piece; the head line of a table is the context of each of its parts."""
    context = lines[1].strip()[:LONGEST_CONTEXT] if kind == "csv" and len(lines) > 1 else ""
    piece = Piece(PassageKind.TEXT, 1, len(lines), context=context)
    return Reading(kind, lines, (piece,), notices=notices)
