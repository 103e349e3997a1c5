"""The text of a document as numbered lines, in windows of a size that a browser shows at once."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from src.core.messages.documents import DocumentText
from src.web.highlight import lines

WINDOW = 2000
"""Lines shown at once."""
_BEFORE = 400
_SAMPLE = 4000
_STRANGE_SHARE = 50
"""One control character in this many is more than text holds."""
_PROSE = frozenset(
    {"markdown", "rst", "restructuredtext", "html", "pdf", "docx", "text", "plain", "notebook"}
)


@dataclass(frozen=True)
class Line:
    """One line: its number from 1, its HTML, whether it is marked and the first that is."""

    number: int
    html: Markup
    marked: bool
    first_marked: bool


@dataclass(frozen=True)
class View:
    """A window of lines. ``previous`` and ``following`` are where the neighbouring windows start."""

    lines: Sequence[Line]
    total: int
    prose: bool
    previous: int | None
    following: int | None

    @property
    def whole(self) -> bool:
        return self.previous is None and self.following is None


def view_of(document: DocumentText, start: int | None = None) -> View:
    """The window from line ``start`` on, or around the marked lines."""
    made = lines(document.text, document.language, document.document.path)
    marked = document.marked
    first = marked.start_line if marked else None
    last = (marked.end_line or first) if marked else None
    if start is None:
        start = 1 if first is None or len(made) <= WINDOW else max(1, first - _BEFORE)
    start = min(max(1, start), max(1, len(made)))
    end = min(len(made), start + WINDOW - 1)
    shown = [
        Line(
            number,
            made[number - 1],
            marked=first is not None and last is not None and first <= number <= last,
            first_marked=number == first,
        )
        for number in range(start, end + 1)
    ]
    return View(
        lines=shown,
        total=len(made),
        prose=document.extracted or _is_prose(document),
        previous=max(1, start - WINDOW) if start > 1 else None,
        following=end + 1 if end < len(made) else None,
    )


def is_binary(text: str) -> bool:
    """Whether this is no text but the bytes of a file that was never read, shown as characters."""
    start = text[:_SAMPLE]
    strange = sum(
        (unicodedata.category(one) == "Cc" and one not in "\t\n\r\f") or one == "\ufffd" for one in start
    )
    return strange * _STRANGE_SHARE > len(start)


def _is_prose(document: DocumentText) -> bool:
    kinds = {document.language, document.document.format}
    return bool(kinds & _PROSE) or kinds == {None}
