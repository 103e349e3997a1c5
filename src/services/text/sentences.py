"""Cuts text into the units that can be quoted: sentences, headings, and blocks of code."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

Words = Callable[[str], Sequence[str]]
"""The content words of a text as the lexical index knows them: stems, identifiers split, no stop words."""

FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r" {0,3}#{1,6}\s")
_UNDERLINE = re.compile(r"\s*([=\-~^\"'#*+]{3,})\s*$")
_TABLE_RULE = re.compile(r"\s*+\|?+\s*+:?-++:?\s*+(?:\|\s*+:?-++:?\s*+)*+\|?\s*$")
_ITEM = re.compile(r"\s*(?:(?:[-*+•]|\d{1,3}[.)]|\(?[a-z]\))\s+|\|\s*)")
_END = re.compile(r"""(?:(?<![.!?…])[.!?…]++["'”’)\]*_`]*+(?=\s)|[。！？])\s*""")
_ABBREVIATED = re.compile(
    r"(?:^|[\s(\[\"'])(?:e\.g|i\.e|etc|cf|vs|ca|al|approx|dr|mr|mrs|ms|prof|fig|figs|eq|pp|vol|"
    r"inc|ltd|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|(?-i:[A-Z])|(?:[a-z]\.)+[a-z])\.$",
    re.IGNORECASE,
)
_BEGINS = re.compile(r"""["'“‘(\[*_`<]*[A-Z0-9À-ÞΑ-ΩА-Я\u3040-\u9fff\uac00-\ud7a3\U0001f300-\U0001faff]""")


class UnitKind(StrEnum):
    """What a unit of text is."""

    SENTENCE = "sentence"
    HEADING = "heading"
    CODE = "code"


@dataclass(frozen=True)
class Unit:
    """``text[start:end]`` without the white space around it."""

    start: int
    end: int
    kind: UnitKind

    def of(self, text: str) -> str:
        return text[self.start : self.end]


def split_units(text: str) -> list[Unit]:
    """The units of ``text`` in order. Fenced code is one unit; a paragraph's sentences may span lines."""
    units: list[Unit] = []
    for begin, end, kind in _blocks(text):
        if kind is UnitKind.SENTENCE:
            units += [Unit(a, b, kind) for a, b in sentence_spans(text, begin, end)]
        else:
            trimmed = _trim(text, begin, end)
            units += [Unit(*trimmed, kind)] if trimmed else []
    return units


def sentence_spans(text: str, begin: int, end: int) -> Iterator[tuple[int, int]]:
    """The sentences of one paragraph, without the white space around them."""
    start = begin
    for found in _END.finditer(text, begin, end):
        if found.end() < end and is_sentence_end(text, start, found):
            trimmed = _trim(text, start, found.end())
            if trimmed:
                yield trimmed
            start = found.end()
    trimmed = _trim(text, start, end)
    if trimmed:
        yield trimmed


def is_sentence_end(text: str, start: int, found: re.Match[str]) -> bool:
    """Whether the mark at ``found`` ends the sentence that began at ``start``, not an abbreviation in it."""
    if text[found.start()] in "。！？":
        return True
    upto = text[start : found.start() + 1]
    if upto.count("`") % 2 and "`" not in found.group():
        return False
    if text[found.start()] == "." and _ABBREVIATED.search(upto[-12:]):
        return False
    return bool(_BEGINS.match(text, found.end()))


def unfenced(block: str) -> str:
    """A block of code without the lines of its fence."""
    lines = block.splitlines(keepends=True)
    if lines and FENCE.match(lines[0]):
        del lines[0]
        if lines and FENCE.match(lines[-1]):
            del lines[-1]
    return "".join(lines).strip("\n")


def sentence_ends(text: str) -> Iterator[re.Match[str]]:
    """Where a sentence may end; ``is_sentence_end`` decides."""
    return _END.finditer(text)


def _trim(text: str, begin: int, end: int) -> tuple[int, int] | None:
    piece = text[begin:end]
    stripped = piece.strip()
    if not stripped:
        return None
    begin += len(piece) - len(piece.lstrip())
    return begin, begin + len(stripped)


def _blocks(text: str) -> Iterator[tuple[int, int, UnitKind]]:
    """Paragraphs, list items, headings (also those of a table's columns) and fenced code: the borders that no
    sentence crosses."""
    begin: int | None = None
    fence = ""
    position = 0
    lines = text.splitlines(keepends=True)
    for index, line in enumerate(lines):
        start, position = position, position + len(line)
        found = FENCE.match(line)
        if fence:
            if found and found.group(1).startswith(fence) and not line[found.end() :].strip():
                yield begin or 0, position, UnitKind.CODE
                fence, begin = "", None
            continue
        below = lines[index + 1] if index + 1 < len(lines) else ""
        row = line.lstrip().startswith("|")
        columns = ("|" in line and _rules_columns(below)) or (row and below.lstrip().startswith("+="))
        underlined = line.strip() and begin is None and not row and _UNDERLINE.match(below)
        heading = _HEADING.match(line) or columns or underlined
        rule = _UNDERLINE.match(line) or _rules_columns(line)
        if found or heading or rule or not line.strip() or _ITEM.match(line):
            if begin is not None:
                yield begin, start, UnitKind.SENTENCE
            begin = None
        if found:
            fence, begin = found.group(1), start
        elif heading:
            yield start, position, UnitKind.HEADING
        elif line.strip() and not rule and begin is None:
            item = _ITEM.match(line)
            begin = start + item.end() if item else start
    if begin is not None:
        yield begin, len(text), UnitKind.CODE if fence else UnitKind.SENTENCE


def _rules_columns(line: str) -> bool:
    """Whether the line divides a table's head from its body, as `|---|:-:|` does."""
    return "|" in line and _TABLE_RULE.match(line) is not None
