"""Markdown by heading."""

from __future__ import annotations

import re

from src.services.parsing.encodings import decode
from src.services.parsing.limits import ParsingLimits
from src.services.parsing.lines import Lines
from src.services.parsing.pieces import Original, Reading

from .sections import Heading, main_title, sections

_LINK = re.compile(r"!?\[([^\[\]]*)\](?:\([^()]*\)|\[[^\[\]]*\])")
_MARKUP = re.compile(r"`+|\*{1,3}|(?<!\w)_{1,3}|_{1,3}(?!\w)|<[^<>]{1,200}>|\s*\{#[^{}]*\}\s*$")
_FRONT_TITLE = re.compile(r"""^title:\s*["']?(.+?)["']?\s*$""", re.MULTILINE)
_LONGEST_FRONT_MATTER = 200


class MarkdownFormat:
    """Reads CommonMark with tables; a YAML block at the top is kept as text and may name the title."""

    name = "markdown"
    suffixes = frozenset({".md", ".markdown", ".mdx", ".mkd"})
    media_types = frozenset({"text/markdown", "text/x-markdown"})

    def read(self, original: Original, limits: ParsingLimits) -> Reading:
        decoded = decode(original.content)
        lines = Lines(decoded.text)
        front = _front_matter(lines)
        headings, blocks = outline(lines, front)
        named = _FRONT_TITLE.search(lines.text(1, front)) if front else None
        return Reading(
            self.name,
            lines,
            sections(lines, headings),
            title=named[1] if named else main_title(headings),
            notices=(decoded.notice,) if decoded.notice else (),
            borders=blocks,
        )


def outline(lines: Lines, skipped: int = 0) -> tuple[list[Heading], frozenset[int]]:
    """The headings, and the lines where a block or list item begins; the first ``skipped`` lines are none."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark").enable("table")
    parser.core.ruler.enableOnly(["normalize", "block"])
    headings: list[Heading] = []
    blocks: set[int] = set()
    tokens = parser.parse("\n" * skipped + "\n".join(lines.all[skipped:]))
    for index, token in enumerate(tokens):
        if token.map is None:
            continue
        start, end = token.map[0] + 1, token.map[1]
        if token.level == 0 or token.type == "list_item_open":
            blocks.add(start)
        if token.type == "heading_open" and token.level == 0:
            title = plain(tokens[index + 1].content)
            headings.append(Heading(int(token.tag[1]), title, start, max(start, end)))
    return headings, frozenset(blocks)


def plain(inline: str) -> str:
    """A heading's text without its markup."""
    return " ".join(_MARKUP.sub("", _LINK.sub(r"\1", inline[:1000])).split())


def _front_matter(lines: Lines) -> int:
    """The last line of a YAML block that opens the file, or 0."""
    if len(lines) < 3 or lines[1].rstrip() != "---":
        return 0
    for number in range(2, min(len(lines), _LONGEST_FRONT_MATTER) + 1):
        if lines[number].rstrip() in ("---", "..."):
            return number
    return 0
