"""The readable text of a document whose own bytes are not text, written line by line."""

from __future__ import annotations

from src.services.parsing.limits import ParsingLimits
from src.services.parsing.lines import Lines
from src.services.parsing.pieces import unreadable

from .sections import Heading


class Transcript:
    """Collects lines, and on which of them the headings stand. Raises ``unpacked_too_large``."""

    def __init__(self, limits: ParsingLimits) -> None:
        self._lines: list[str] = []
        self._room = limits.max_unpacked_bytes
        self.headings: list[Heading] = []
        self.blocks: set[int] = set()

    @property
    def next_line(self) -> int:
        return len(self._lines) + 1

    def add(self, text: str) -> tuple[int, int]:
        """Append the lines of ``text`` as one block; returns the first and last line number."""
        added = Lines(text).all or [""]
        self._room -= sum(map(len, added)) + len(added)
        if self._room < 0:
            raise unreadable("unpacked_too_large", "The document unpacks to more text than is allowed.")
        start = self.next_line
        self.blocks.add(start)
        self._lines.extend(line.rstrip() for line in added)
        return start, len(self._lines)

    def blank(self) -> None:
        """Set the next block apart."""
        if self._lines and self._lines[-1]:
            self._lines.append("")

    def heading(self, level: int, title: str) -> None:
        self.blank()
        start, end = self.add(title)
        self.headings.append(Heading(level, " ".join(title.split()), start, end))
        self.blank()

    def lines(self) -> Lines:
        return Lines("\n".join(self._lines))
