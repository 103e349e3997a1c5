"""reStructuredText by heading.

The headings are found by their adornments alone. Nothing is interpreted: a directive (``include``,
``raw``, ``code-block``) is text like any other and reads no file.
"""

from __future__ import annotations

import re

from src.services.parsing.encodings import decode
from src.services.parsing.limits import ParsingLimits
from src.services.parsing.lines import Lines
from src.services.parsing.pieces import Original, Reading

from .sections import Heading, main_title, sections

_ADORNMENT = re.compile(r"([!-/:-@\[-`{-~])\1*\s*$")
_ROLE = re.compile(
    r":[\w:.+-]+:`~?([^`<]*?)\s*(?:<[^`]*>)?`|``?([^`]*)``?_{0,2}|\|([^|]+)\||\*{1,2}([^*]+)\*{1,2}"
)
_SHORTEST = 3


class RestructuredTextFormat:
    """Reads reStructuredText, whose heading levels are the order in which the adornments first appear."""

    name = "restructuredtext"
    suffixes = frozenset({".rst", ".rest"})
    media_types = frozenset({"text/x-rst", "text/prs.fallenstein.rst", "text/restructured"})

    def read(self, original: Original, limits: ParsingLimits) -> Reading:
        decoded = decode(original.content)
        lines = Lines(decoded.text)
        headings = _headings(lines)
        blocks = {
            number
            for number in range(1, len(lines) + 1)
            if not lines.is_blank(number)
            and not lines[number][0].isspace()
            and (number == 1 or lines.is_blank(number - 1))
        }
        return Reading(
            self.name,
            lines,
            sections(lines, headings),
            title=main_title(headings),
            notices=(decoded.notice,) if decoded.notice else (),
            borders=frozenset(blocks | {heading.start for heading in headings}),
        )


def _headings(lines: Lines) -> list[Heading]:
    headings: list[Heading] = []
    styles: list[str] = []
    number = 2
    while number <= len(lines):
        heading = _heading_above(lines, number, styles)
        if heading is not None:
            headings.append(heading)
        number += 1
    return headings


def _heading_above(lines: Lines, underline: int, styles: list[str]) -> Heading | None:
    """The heading whose underline stands on this line."""
    mark, text = _adornment(lines[underline]), lines[underline - 1].rstrip()
    title = text.strip()
    if mark is None or not title or _adornment(text) is not None or text.startswith(".. "):
        return None
    width = len(lines[underline].rstrip())
    over = underline > 2 and lines[underline - 2].rstrip() == lines[underline].rstrip()
    if text[0].isspace() and not over:
        return None
    if width < min(len(title), 4) or (width < len(title) and not over and width < _SHORTEST + 1):
        return None
    if not over and underline > 2 and not lines.is_blank(underline - 2):
        return None  # a line of a paragraph or table, not a heading
    style = mark * 2 if over else mark
    if style not in styles:
        styles.append(style)
    start = underline - 2 if over else underline - 1
    return Heading(styles.index(style) + 1, _plain(title), start, underline)


def _adornment(line: str) -> str | None:
    found = _ADORNMENT.match(line)
    return found[1] if found and len(line.rstrip()) >= _SHORTEST else None


def _plain(title: str) -> str:
    return " ".join(_ROLE.sub(lambda m: next((g for g in m.groups() if g), ""), title[:1000]).split())
