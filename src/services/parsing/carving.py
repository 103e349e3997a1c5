"""Which lines belong to which piece, where pieces stand inside pieces."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from src.core.passages import PassageKind

from .lines import Lines
from .pieces import Piece

Span = tuple[Piece, int, int]
Fits = Callable[[int, int], bool]

_WHOLE = frozenset({PassageKind.FUNCTION, PassageKind.METHOD})
_CLOSER = re.compile(r"(?:end\b|[)\]};,\s])*$")
_COMMENT = re.compile(r"\s*(?:#|//|--|/?\*)")
_FEW_LINES = 3


def carve(pieces: list[Piece], lines: Lines, statements: frozenset[int], fits: Fits) -> Iterator[Span]:
    """Yield each piece with the line ranges that are its own, in reading order.

    A function that fits a passage keeps its inner functions, which are yielded as well. Otherwise the
    inner pieces are taken out and what remains comes as runs. A run that begins no statement (comments,
    ``else:``, closing braces) is no passage of its own: it goes to the neighbour it belongs to.
    """
    waiting: list[Piece | Span] = list(reversed(pieces))
    while waiting:
        item = waiting.pop()
        if isinstance(item, tuple):
            yield item
        elif not item.inner:
            yield (item, item.start, item.end)
        elif item.kind in _WHOLE and fits(item.start, item.end):
            yield (item, item.start, item.end)
            waiting.extend(reversed(item.inner))
        else:
            waiting.extend(reversed(_runs(item, lines, statements, fits)))


def _runs(piece: Piece, lines: Lines, statements: frozenset[int], fits: Fits) -> list[Piece | Span]:
    """The piece's own runs as spans between its inner pieces, in order."""
    parts: list[Piece | Span] = []
    line = piece.start
    for inner in piece.inner:
        start, end = lines.trim(line, min(inner.start - 1, piece.end))
        head = line == piece.start
        if start <= end and not head and _closes(lines, start, end):
            _extend(parts[-1], end)
        elif start <= end:
            own = head or any(number in statements for number in range(start, end + 1))
            lead = _last_comment(lines, start, end, statements) if own else start
            if lead <= end and (end - lead < _FEW_LINES or fits(lead, inner.end)):
                inner.start = lead
            else:
                lead = end + 1
            if start < lead:
                parts.append((piece, *lines.trim(start, lead - 1)))
        parts.append(inner)
        line = max(line, inner.end + 1)
    start, end = lines.trim(line, piece.end)
    if start <= end and _closes(lines, start, end):
        _extend(parts[-1], end)
    elif start <= end:
        parts.append((piece, start, end))
    return parts


def _last_comment(lines: Lines, start: int, end: int, statements: frozenset[int]) -> int:
    """The first line of the paragraph of comments that ends the range, or ``end + 1``."""
    line = end
    while line >= start and line not in statements and _COMMENT.match(lines[line]):
        line -= 1
    return line + 1 if line >= start and lines.is_blank(line) else end + 1


def _closes(lines: Lines, start: int, end: int) -> bool:
    return all(_CLOSER.match(lines[number]) for number in range(start, end + 1))


def _extend(part: Piece | Span, end: int) -> None:
    """Give the closing lines of the outer piece to the last inner one, at every depth."""
    piece = part if isinstance(part, Piece) else None
    while piece is not None:
        piece.end = max(piece.end, end)
        piece = piece.inner[-1] if piece.inner else None
