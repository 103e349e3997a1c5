"""HTML: the main content, without what surrounds it."""

from __future__ import annotations

import pytest

from src.core.errors import DocumentError
from src.core.passages import ParsedDocument
from src.services.parsing.parser import DocumentParser
from src.services.parsing.tokens import TokenCounter
from tests.unit.services.parsing.checks import check

PAGE = """<!DOCTYPE html>
<html><head><title> The  shop </title><style>p { color: red }</style></head>
<body>
<header><h1>Site</h1></header><nav><a href="/">Home</a></nav>
<main>
<article><header><h1>The <em>shop</em></h1></header>
<p>Open &amp; friendly,<br>every day.</p>
<script>steal()</script><noscript>no</noscript>
<h2>Prices</h2>
<ul><li>pen <b>1</b></li><li>ink</li></ul>
<table><tr><th>name</th><th>price</th></tr><tr><td>pen</td><td>1</td></tr></table>
<pre>
def f():
    return 1
</pre>
<div hidden>secret</div><div role="navigation">menu</div>
<h3></h3>
</article>
</main>
<footer>Imprint</footer>
</body></html>
"""


def _parse(parser: DocumentParser, source: str | bytes, name: str = "a.html") -> ParsedDocument:
    content = source.encode() if isinstance(source, str) else source
    return parser.parse(content, name=name, media_type=None)


def test_the_main_content_is_read_with_its_headings(parser: DocumentParser, count: TokenCounter) -> None:
    document = _parse(parser, PAGE)
    check(document, None, count)
    assert document.title == "The shop"
    assert document.readable_text is not None
    assert document.readable_text.strip().split("\n") == [
        "The shop",
        "",
        "Open & friendly,",
        "every day.",
        "",
        "Prices",
        "",
        "- pen 1",
        "- ink",
        "",
        "name | price",
        "pen | 1",
        "",
        "def f():",
        "    return 1",
    ]
    assert [draft.location.heading_path for draft in document.drafts] == [
        ("The shop",),
        ("The shop", "Prices"),
    ]


def test_a_page_without_text_is_refused(parser: DocumentParser) -> None:
    with pytest.raises(DocumentError) as caught:
        _parse(parser, "<html><body><script>app()</script><nav>menu</nav></body></html>")
    assert caught.value.code == "no_text"


def test_the_declared_charset_is_obeyed(parser: DocumentParser) -> None:
    page = '<meta charset="iso-8859-2"><p>Łódź</p>'
    assert "Łódź" in _parse(parser, page.encode("iso-8859-2")).drafts[0].text


def test_a_page_is_known_without_a_name(parser: DocumentParser) -> None:
    assert _parse(parser, PAGE, name="download").format == "html"


@pytest.mark.parametrize(
    "source",
    [
        "<div>" * 3000 + "deep",
        "<table>" + "<tr><td>x" * 3000,
        "<p>" + "a<b>" * 3000,
        "<h1>" * 500 + "x",
        "<p>&#0;&#xD800;\0 text",
        "<pre>" * 10 + "\r\n x",
        "just text < 3 & more",
    ],
)
def test_damaged_markup_is_mended(parser: DocumentParser, count: TokenCounter, source: str) -> None:
    check(_parse(parser, source), None, count)
