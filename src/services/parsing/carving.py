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
_CLOSER = re.compile(r"\s*(?:end\b|[)\]};,])*\s*$")
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
        if start <= end:
            if line == piece.start or any(number in statements for number in range(start, end + 1)):
                parts.append((piece, start, end))
            elif _closes(lines, start, end):
                _extend(parts[-1], end)
            elif end - start < _FEW_LINES or fits(start, inner.end):
                inner.start = start
            else:
                parts.append((piece, start, end))
        parts.append(inner)
        line = max(line, inner.end + 1)
    start, end = lines.trim(line, piece.end)
    if start <= end:
        if _closes(lines, start, end):
            _extend(parts[-1], end)
        else:
            parts.append((piece, start, end))
    return parts


def _closes(lines: Lines, start: int, end: int) -> bool:
    return all(_CLOSER.match(lines[number]) for number in range(start, end + 1))


def _extend(part: Piece | Span, end: int) -> None:
    """Give the closing lines of the outer piece to the last inner one, at every depth."""
    if isinstance(part, Piece):
        part.end = max(part.end, end)
        if part.inner:
            _extend(part.inner[-1], end)
