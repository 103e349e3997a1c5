"""Colours never change what is shown, nor where a line begins."""

from __future__ import annotations

import re
from html import unescape

import pytest

from src.web.highlight import LONGEST, highlight, lines

TEXTS = [
    "",
    "\n",
    "x = 1",
    "x = 1\n",
    "\n\nx = 1\n\n\n",
    "'''a\nb\n'''\ny = '<b>&amp;'\n",
    "x = 1\r\ny = 2\r\n",
    "x = 1\ry = 2",
    "# \x0c form feed\n# \u2028 separator\n",
    "é = 'ü\U0001f600'\n",
    "def broken(:\n    '''never closed\n",
]


def plain(html: str) -> str:
    return unescape(re.sub(r"<[^>]*>", "", html))


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("language", ["python", None, "no such language", "json", "html"])
def test_the_lines_are_those_of_the_text(text: str, language: str | None) -> None:
    normal = text.replace("\r\n", "\n").replace("\r", "\n")
    expected = normal.split("\n")
    if normal.endswith("\n"):
        expected.pop()
    assert [plain(line) for line in lines(text, language)] == (expected or [""])


@pytest.mark.parametrize("line", lines("'''a\nb'''\nx", "python"))
def test_every_line_closes_what_it_opens(line: str) -> None:
    assert line.count("<span") == line.count("</span>")


def test_the_path_tells_the_language_where_nothing_else_does() -> None:
    assert "hl-k" in highlight("def f(): ...", None, "a/b.py")


def test_a_very_long_text_is_shown_without_colours() -> None:
    assert "<span" not in highlight("x = 1\n" * (LONGEST // 6 + 1), "python")


def test_markup_in_plain_text_is_escaped() -> None:
    assert highlight("<script>") == "&lt;script&gt;"
