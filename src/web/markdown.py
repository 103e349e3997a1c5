"""Markdown of answers and notebooks to HTML that is safe to show.

The text comes from language models and from documents that nobody vouches for. Raw HTML in it is shown
as text, images are never loaded, links cannot run code, and what the renderer makes is sanitised again.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from html import escape
from typing import Any

import bleach
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup

from .highlight import highlight

_MARKER = re.compile(r"\[(\w{1,8})\]")
_TEXT = frozenset(
    {"p", "br", "hr", "h3", "h4", "h5", "h6", "blockquote", "ul", "ol", "li", "pre", "code", "span"}
)
_INLINE = frozenset({"a", "b", "em", "strong", "s", "del", "sub", "sup"})
_TABLE = frozenset({"table", "thead", "tbody", "tr", "th", "td"})
_TAGS = _TEXT | _INLINE | _TABLE
_ATTRIBUTES = {
    "a": ["href", "title", "rel", "target", "class", "data-marker", "data-testid"],
    "span": ["class"],
    "code": ["class"],
    "ol": ["start"],
    "th": ["class"],
    "td": ["class"],
}
_PROTOCOLS = frozenset({"http", "https", "mailto"})


class Markdown:
    """Renders CommonMark with tables. A `[n]` whose ``n`` is a known citation becomes a link to it."""

    def __init__(self) -> None:
        md = MarkdownIt("commonmark", {"html": False, "highlight": _fence}, renderer_cls=_Renderer)
        md.enable(["table", "strikethrough"])
        md.inline.ruler.before("link", "citation", _citation)
        self._md = md

    def blocks(self, text: str, markers: Collection[str] = (), anchor: str = "c") -> list[Markup]:
        """The paragraphs, lists, tables and code blocks, each complete HTML of its own.

        ``markers`` are the citations that exist; a link to one goes to ``#{anchor}-{marker}``.
        """
        return [sanitised(block) for block in self.raw_blocks(text, markers, anchor)]

    def raw_blocks(self, text: str, markers: Collection[str] = (), anchor: str = "c") -> list[str]:
        """The blocks before they are sanitised, to compare with those of a shorter text."""
        env: dict[str, Any] = {"markers": frozenset(markers), "anchor": anchor}
        tokens = self._md.parse(text, env)
        made, start, depth = [], 0, 0
        for position, token in enumerate(tokens):
            depth += token.nesting
            if depth == 0:
                part = tokens[start : position + 1]
                made.append(self._md.renderer.render(part, self._md.options, env))
                start = position + 1
        return made


def sanitised(html: str) -> Markup:
    """The HTML with only the tags, attributes and protocols that answers need."""
    clean = bleach.clean(html, tags=_TAGS, attributes=_ATTRIBUTES, protocols=_PROTOCOLS, strip=True)
    return Markup(clean)  # noqa: S704 - this is where it becomes safe


def _citation(state: StateInline, silent: bool) -> bool:
    """An inline rule: `[n]` with a known ``n`` is a citation marker."""
    found = _MARKER.match(state.src, state.pos)
    if found is None or found[1] not in state.env.get("markers", ()):
        return False
    if not silent:
        if state.pending.endswith(" "):  # a marker stays on the line of what it supports
            state.pending = state.pending.rstrip(" ") + "\u00a0"
        token = state.push("citation", "a", 0)
        token.content = found[1]
    state.pos = found.end()
    return True


def _fence(code: str, language: str, _: object) -> str:
    return str(highlight(code, language or None))


class _Renderer(RendererHTML):
    """Headings below the page's own, links that give nothing away, no images, markers as links."""

    def citation(self, tokens: Sequence[Token], idx: int, _: OptionsDict, env: EnvType) -> str:
        marker = escape(tokens[idx].content)
        return (
            f'<a class="marker" href="#{escape(str(env["anchor"]))}-{marker}" data-marker="{marker}"'
            f' data-testid="marker">{marker}</a>'
        )

    def image(self, tokens: Sequence[Token], idx: int, _: OptionsDict, __: EnvType) -> str:
        token = tokens[idx]
        source = str(token.attrGet("src") or "")
        name = escape(token.content or "image")
        if source.startswith(("http://", "https://")):
            return f'<a href="{escape(source)}" rel="noopener nofollow noreferrer" target="_blank">{name}</a>'
        return name

    def link_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        tokens[idx].attrSet("rel", "noopener nofollow noreferrer")
        tokens[idx].attrSet("target", "_blank")
        return self.renderToken(tokens, idx, options, env)

    def heading_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return f"<{_lower(tokens[idx].tag)}>"

    def heading_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return f"</{_lower(tokens[idx].tag)}>\n"


def _lower(tag: str) -> str:
    return f"h{min(6, int(tag[1]) + 2)}"
