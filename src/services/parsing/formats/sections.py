"""Prose by its headings: each heading's own text is a piece that knows the headings above it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from src.core.passages import PassageKind
from src.services.parsing.lines import Lines
from src.services.parsing.pieces import Piece

_LONGEST_HEADING = 200


@dataclass(frozen=True)
class Heading:
    """A heading of ``level`` 1 (highest) and down, on lines ``start`` to ``end``."""

    level: int
    title: str
    start: int
    end: int


def sections(lines: Lines, headings: Sequence[Heading]) -> list[Piece]:
    """The text as one piece for each heading, and one for what stands before the first.

    A heading with nothing of its own below it goes to the section that follows.
    """
    pieces: list[Piece] = []
    first = headings[0].start if headings else len(lines) + 1
    if any(not lines.is_blank(number) for number in range(1, first)):
        pieces.append(Piece(PassageKind.TEXT, 1, first - 1, heading_path=()))
    path: list[Heading] = []
    start: int | None = None
    for index, heading in enumerate(headings):
        while path and path[-1].level >= heading.level:
            path.pop()
        path.append(heading)
        last = index + 1 == len(headings)
        end = len(lines) if last else headings[index + 1].start - 1
        start = heading.start if start is None else start
        if not last and all(lines.is_blank(number) for number in range(heading.end + 1, end + 1)):
            continue
        titles = tuple(item.title[:_LONGEST_HEADING] for item in path if item.title)
        pieces.append(Piece(PassageKind.SECTION, start, end, context=" › ".join(titles), heading_path=titles))
        start = None
    return pieces


def main_title(headings: Sequence[Heading]) -> str | None:
    """The document's title: its first heading, where no other is as high."""
    if not headings or not headings[0].title:
        return None
    highest = [heading for heading in headings if heading.level <= headings[0].level]
    return headings[0].title[:_LONGEST_HEADING] if len(highest) == 1 or headings[0].level == 1 else None
