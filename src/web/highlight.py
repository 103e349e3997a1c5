"""Colours for code: every token becomes a span with a CSS class, never an inline style."""

from __future__ import annotations

from html import escape

from markupsafe import Markup
from pygments.formatters.html import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name, get_lexer_for_filename
from pygments.util import ClassNotFound

LONGEST = 300_000
"""Characters above which text is shown without colours: a lexer takes seconds on a megabyte."""


def highlight(text: str, language: str | None = None, path: str | None = None) -> Markup:
    """The text as HTML with a span for each token; plain where the language is not known."""
    lexer = _lexer(language, path) if len(text) <= LONGEST else None
    if lexer is None:
        return Markup(escape(text, quote=False))  # noqa: S704 - escaped in this line
    formatter = HtmlFormatter(nowrap=True, classprefix="hl-")
    parts: list[str] = []
    formatter.format(lexer.get_tokens(text), _Collector(parts))
    return Markup("".join(parts))  # noqa: S704 - pygments escapes every token


def lines(text: str, language: str | None = None, path: str | None = None) -> list[Markup]:
    """The text's lines, each complete HTML of its own. Only a line feed, with or without a carriage
    return before it, and a lone carriage return end a line, as in the locations of passages."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    count = text.count("\n") + (0 if text.endswith("\n") else 1)
    parts = highlight(text, language, path).split("\n")
    if len(parts) < count:
        parts = [*parts, *([Markup("")] * (count - len(parts)))]
    return [Markup(part) for part in parts[:count]]  # noqa: S704 - parts of what highlight() made


class _Collector:
    """The file-like object that a formatter writes to."""

    def __init__(self, parts: list[str]) -> None:
        self._parts = parts

    def write(self, text: str) -> None:
        self._parts.append(text)


def _lexer(language: str | None, path: str | None) -> Lexer | None:
    for find, name in ((get_lexer_by_name, language), (get_lexer_for_filename, path)):
        if not name:
            continue
        try:
            lexer = find(name)
        except ClassNotFound:
            continue
        lexer.stripnl = lexer.ensurenl = False
        return lexer
    return None
