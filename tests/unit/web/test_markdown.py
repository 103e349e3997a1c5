"""What answers may do to a page: nothing but be read."""

from __future__ import annotations

import pytest

from src.web.markdown import Markdown, sanitised

MARKDOWN = Markdown()


def html(text: str, *markers: str) -> str:
    return "".join(MARKDOWN.blocks(text, markers, "c-a1"))


def test_a_known_marker_becomes_a_link_to_its_citation() -> None:
    assert '<a class="marker" href="#c-a1-2" data-marker="2"' in html("It ends there [2].", "1", "2")


def test_an_unknown_marker_stays_text() -> None:
    assert html("It ends there [7].", "1") == "<p>It ends there [7].</p>\n"


def test_neighbouring_markers_are_each_a_link() -> None:
    assert html("So it is [1][2].", "1", "2").count('class="marker"') == 2


def test_a_marker_stays_on_the_line_of_what_it_supports() -> None:
    assert "there\u00a0<a" in html("It ends there [1].", "1")


def test_an_index_in_code_is_no_marker() -> None:
    assert "marker" not in html("`items[1]`\n\n```python\nitems[1]\n```", "1")


def test_a_marker_with_a_web_address_is_an_ordinary_link() -> None:
    made = html("See [1](https://example.org).", "1")
    assert "https://example.org" not in made.split("marker")[0]


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[a](javascript:alert(1))",
        "[a](JaVaScRiPt:alert(1))",
        "[a](&#106;avascript:alert(1))",
        "[a](data:text/html;base64,PHNjcmlwdD4=)",
        "<a href='vbscript:x'>a</a>",
        "![x](javascript:alert(1))",
        "[a]: javascript:alert(1)\n\n[a]",
        "<style>*{display:none}</style>",
        "<iframe src=//evil.example></iframe>",
        '```"><script>alert(1)</script>\ncode\n```',
        '[a](https://e.example "\\" onmouseover=alert(1)")',
    ],
)
def test_nothing_in_an_answer_runs(text: str) -> None:
    made = html(text)
    for tag in ("<script", "<img", "<iframe", "<style", "<svg"):
        assert tag not in made
    assert 'href="javascript' not in made.lower()
    assert 'href="data' not in made.lower()
    assert "<a onmouseover" not in made


def test_images_are_never_loaded() -> None:
    made = html("![a chart](https://evil.example/pixel.png)")
    assert "<img" not in made
    assert "a chart</a>" in made


def test_links_go_to_a_new_window_and_give_nothing_away() -> None:
    assert html("[docs](https://docs.example)") == (
        '<p><a href="https://docs.example" rel="noopener nofollow noreferrer" target="_blank">docs</a></p>\n'
    )


def test_headings_stand_below_those_of_the_page() -> None:
    assert html("# One\n\n## Two\n\n##### Five") == "<h3>One</h3>\n<h4>Two</h4>\n<h6>Five</h6>\n"


def test_code_is_coloured_by_classes() -> None:
    assert '<span class="hl-k">def</span>' in html("```python\ndef f(): ...\n```")


def test_code_of_an_unknown_language_is_shown_as_it_is() -> None:
    assert "a &lt; b" in html("```nonsense\na < b\n```")


def test_tables_lists_and_quotes_are_kept() -> None:
    made = html("| a | b |\n|--|--|\n| 1 | 2 |\n\n- x\n\n> y")
    assert "<td>2</td>" in made
    assert "<li>x</li>" in made
    assert "<blockquote>" in made


def test_a_longer_text_changes_only_its_last_blocks() -> None:
    text = "First paragraph.\n\n- one\n- two\n\n```python\nx = 1\n"
    before = MARKDOWN.raw_blocks(text[: len(text) // 2])
    after = MARKDOWN.raw_blocks(text)
    assert after[: len(before) - 1] == before[:-1]


def test_what_the_sanitiser_does_not_know_is_stripped() -> None:
    assert sanitised('<p onclick="x">a<object data="y">b</object></p>') == "<p>ab</p>"
