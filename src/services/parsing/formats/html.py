"""HTML as a reader sees its main content: no navigation, no scripts, headings kept."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from src.services.parsing.encodings import decode, html_charset
from src.services.parsing.limits import ParsingLimits
from src.services.parsing.pieces import Original, Reading, unreadable

from .sections import main_title, sections
from .transcript import Transcript

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

# fmt: off
_DROPPED = frozenset((
    "script", "style", "noscript", "template", "nav", "aside", "svg", "math", "iframe", "object", "embed",
    "canvas", "audio", "video", "map", "head", "button", "select", "input", "textarea", "dialog",
))
_BLOCKS = frozenset((
    "address", "article", "blockquote", "body", "center", "dd", "details", "div", "dl", "dt", "fieldset",
    "figcaption", "figure", "footer", "form", "header", "hgroup", "li", "main", "ol", "p", "pre",
    "section", "summary", "table", "tr", "ul",
))
# fmt: on
_DROPPED_ROLES = frozenset({"navigation", "banner", "contentinfo", "search", "complementary", "menu"})
_FRAME = frozenset({"header", "footer"})
_CONTENT = frozenset({"main", "article", "section"})
_LOOSE = frozenset({"p", "pre", "ul", "ol", "dl", "table", "blockquote", "figure", "details"})
_HEADING = re.compile(r"h([1-6])$")


class HtmlFormat:
    """Reads HTML in any state; the parser mends it as a browser does and runs nothing."""

    name = "html"
    suffixes = frozenset({".html", ".htm", ".xhtml"})
    media_types = frozenset({"text/html", "application/xhtml+xml"})

    def read(self, original: Original, limits: ParsingLimits) -> Reading:
        from selectolax.lexbor import LexborHTMLParser

        decoded = decode(original.content, html_charset(original.content))
        page = LexborHTMLParser(decoded.text)
        transcript = Transcript(limits)
        root = _main(page)
        if root is not None:
            _Reader(transcript).read(root)
        lines = transcript.lines()
        if not any(line.strip() for line in lines.all):
            raise unreadable("no_text", "The page holds no text apart from scripts and navigation.")
        title = page.css_first("title")
        named = " ".join(title.text().split())[:300] if title is not None else ""
        return Reading(
            self.name,
            lines,
            sections(lines, transcript.headings),
            title=named or main_title(transcript.headings),
            notices=(decoded.notice,) if decoded.notice else (),
            borders=frozenset(transcript.blocks),
            readable=True,
        )


def _main(page: LexborHTMLParser) -> LexborNode | None:
    """The element that holds the content: ``main``, the only ``article``, or the whole body."""
    for selector in ("main", "[role=main]", "article"):
        found = page.css(selector)
        if len(found) == 1 and found[0].text().strip():
            return found[0]
    return page.body


class _Reader:
    """Writes an element's text in reading order, without recursion: a page may be nested at will."""

    def __init__(self, transcript: Transcript) -> None:
        self._out = transcript
        self._words: list[str] = []
        self._heading: int | None = None
        self._preformatted = 0
        self._content = 0
        self._prefix = ""

    def read(self, root: LexborNode) -> None:
        waiting: list[tuple[LexborNode, bool]] = [(root, False)]
        while waiting:
            node, leaving = waiting.pop()
            if leaving:
                self._leave(node.tag or "")
            elif node.is_text_node:
                self._words.append(node.text_content or "")
            elif node.is_element_node and (node is root or not self._drops(node)):
                self._enter(node.tag or "")
                waiting.append((node, True))
                child = node.last_child
                while child is not None:
                    waiting.append((child, False))
                    child = child.prev
        self._flush()

    def _drops(self, node: LexborNode) -> bool:
        tag = node.tag or ""
        if tag in _DROPPED or (tag in _FRAME and not self._content):
            return True
        attributes = node.attributes
        return (
            attributes.get("role") in _DROPPED_ROLES
            or "hidden" in attributes
            or attributes.get("aria-hidden") == "true"
        )

    def _enter(self, tag: str) -> None:
        if tag in _CONTENT:
            self._content += 1
        if tag == "br":
            self._words.append("\n" if self._preformatted else "\0")
        elif tag in ("td", "th"):
            self._words.append(" | " if any(map(str.strip, self._words)) else "")
        elif found := _HEADING.match(tag):
            self._flush()
            self._heading = int(found[1])
        elif tag in _BLOCKS or tag == "hr":
            self._flush()
            if tag in _LOOSE or tag == "hr":
                self._out.blank()
            if tag == "li":
                self._prefix = "- "
            elif tag == "pre":
                self._preformatted += 1

    def _leave(self, tag: str) -> None:
        if tag in _CONTENT:
            self._content -= 1
        if _HEADING.match(tag):
            title = " ".join("".join(self._words).replace("\0", " ").split())
            self._words = []
            if title and self._heading is not None:
                self._out.heading(self._heading, title)
            self._heading = None
        elif tag in _BLOCKS:
            self._flush()
            if tag == "pre":
                self._preformatted -= 1
            if tag in _LOOSE:
                self._out.blank()

    def _flush(self) -> None:
        text, self._words = "".join(self._words), []
        if self._preformatted:
            text = text.strip("\r\n")
        else:
            text = "\n".join(" ".join(part.split()) for part in text.split("\0"))
        if text.strip():
            self._out.add(self._prefix + text if not self._preformatted else text)
            self._prefix = ""
