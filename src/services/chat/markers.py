"""Recognises `[n]` citation markers in streamed text, also where the border of two deltas cuts a marker."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from src.core.ports import CitationPiece, TextPiece

_WORD = r"(?:(?:passages?|sources?)\s*)?"
_JOIN = r"\s*(?:,|;|&|and\b|-|–)\s*"
_PLACE = r"(?:†[\sa-z0-9,;&–-]{0,14})?"  # `【1†L3-L7】`, as some models were taught to cite
_MARKER = re.compile(
    rf"[ \t]*[\[【]\s*{_WORD}(\d{{1,3}}(?:{_JOIN}{_WORD}\d{{1,3}})*){_PLACE}\s*[\]】]", re.IGNORECASE
)
_BEGUN = re.compile(r"[ \t]*(?:[\[【][\sa-z0-9,;&–†-]{0,40})?", re.IGNORECASE)
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_FENCE_BEGUN = re.compile(r" {0,3}(?:`{0,2}|~{0,2})")
_PLAIN = re.compile(r"\n|[ \t]+|[\[【]|[^`\[【 \t\n]+")


class MarkerStream:
    """Splits text into pieces: markers become CitationPieces, all else stays text.

    Numbers that are not in ``numbers`` are dropped from the text. Brackets in fenced or inline code and
    before `(` (a link) are not markers. The quote is left empty: a marker does not carry one.
    """

    def __init__(self, numbers: Collection[int]) -> None:
        self._numbers = frozenset(numbers)
        self._held = ""
        self._at_line_start = True
        self._fence = ""
        self._ticks = ""

    def feed(self, text: str) -> Iterator[TextPiece | CitationPiece]:
        """The pieces that are certain after ``text``."""
        self._held += text
        return self._pieces(final=False)

    def flush(self) -> Iterator[TextPiece | CitationPiece]:
        """What was held back, at the end of the stream."""
        return self._pieces(final=True)

    def _pieces(self, *, final: bool) -> Iterator[TextPiece | CitationPiece]:
        text = ""
        while self._held:
            numbers = self._marker(final)
            if numbers is not None:
                if text:
                    yield TextPiece(text)
                    text = ""
                for number in numbers:
                    if number in self._numbers:
                        yield CitationPiece(number, "")
                continue
            taken = self._text(final)
            if not taken:
                break
            text += taken
            self._held = self._held[len(taken) :]
            self._at_line_start = taken.endswith("\n")
            if self._at_line_start:
                self._ticks = ""
        if text:
            yield TextPiece(text)

    def _marker(self, final: bool) -> list[int] | None:
        """Take a marker from the front of what is held; None where none stands there for certain."""
        if self._fence or self._ticks:
            return None
        found = _MARKER.match(self._held)
        if found is None:
            return None
        follows = self._held[found.end() : found.end() + 1]
        if follows == "(" or (not follows and not final):
            return None
        self._held = self._held[found.end() :]
        self._at_line_start = False
        return _numbers(found.group(1))

    def _text(self, final: bool) -> str:
        """The next text from the front of what is held; empty where more must be seen first."""
        if self._at_line_start:
            fence = _FENCE.match(self._held)
            if fence:
                return self._fence_line(fence, final)
            if not final and _FENCE_BEGUN.fullmatch(self._held):
                return ""
        if self._fence:
            line, newline, _ = self._held.partition("\n")
            return line + newline
        if self._held[0] == "`":
            return self._code_border(final)
        undecided = _BEGUN.fullmatch(self._held) or _MARKER.fullmatch(self._held)
        if undecided and not self._ticks and not final:
            return ""
        plain = _PLAIN.match(self._held)
        return plain.group() if plain else self._held[0]

    def _code_border(self, final: bool) -> str:
        ticks = self._held[: len(self._held) - len(self._held.lstrip("`"))]
        if ticks == self._held and not final:
            return ""
        self._ticks = "" if ticks == self._ticks else self._ticks or ticks
        return ticks

    def _fence_line(self, fence: re.Match[str], final: bool) -> str:
        line, newline, _ = self._held.partition("\n")
        if not newline and not final:
            return ""
        run = fence.group(1)
        if not self._fence:
            self._fence = run
        elif run.startswith(self._fence) and not line[fence.end() :].strip():
            self._fence = ""
        return line + newline


def _numbers(marker: str) -> list[int]:
    """`1, 3-5` as [1, 3, 4, 5]; a range that runs backwards or far is read as its two ends."""
    numbers: list[int] = []
    ranges = re.findall(r"(\d+)(?:\s*[-–]\s*(\d+))?", marker)
    for first, last in ranges:
        low, high = int(first), int(last or first)
        numbers.extend(range(low, high + 1) if low <= high <= low + 20 else (low, high))
    return list(dict.fromkeys(numbers))
