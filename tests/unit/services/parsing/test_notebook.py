"""Notebooks by cell."""

from __future__ import annotations

import json

import pytest

from src.core.errors import DocumentError
from src.core.passages import ParsedDocument
from src.services.parsing.parser import DocumentParser
from src.services.parsing.tokens import TokenCounter
from tests.unit.services.parsing.checks import attempt, check
from tests.unit.services.parsing.making import notebook


def _code(source: str | list[str], *outputs: dict[str, object]) -> dict[str, object]:
    return {"cell_type": "code", "source": source, "outputs": list(outputs), "metadata": {}}


def _text(source: str) -> dict[str, object]:
    return {"cell_type": "markdown", "source": source, "metadata": {}}


def _parse(parser: DocumentParser, content: bytes) -> ParsedDocument:
    return parser.parse(content, name="a.ipynb", media_type=None)


def test_cells_are_passages_with_their_number_and_headings(
    parser: DocumentParser, count: TokenCounter
) -> None:
    content = notebook(
        [
            _text("# Study\n\nWhy."),
            _code(
                ["import os\n", "os.name"],
                {"output_type": "execute_result", "data": {"text/plain": "'posix'"}},
            ),
            _code("  \n"),
            _text("## Results"),
            _code(
                "1/0", {"output_type": "error", "ename": "ZeroDivisionError", "evalue": "division by zero"}
            ),
        ],
        language_info={"name": "python"},
    )
    document = _parse(parser, content)
    check(document, None, count)
    assert document.title == "Study"
    assert [(d.location.cell, d.location.heading_path, d.text) for d in document.drafts] == [
        (1, ("Study",), "# Study\n\nWhy."),
        (2, ("Study",), "import os\nos.name\nOutput:\n'posix'"),
        (4, ("Study", "Results"), "## Results"),
        (5, ("Study", "Results"), "1/0\nOutput:\nZeroDivisionError: division by zero"),
    ]
    assert document.drafts[1].attributes == {"language": "python"}
    assert "language" not in document.drafts[0].attributes


def test_long_outputs_are_cut_short_and_pictures_left_out(parser: DocumentParser) -> None:
    printed = {"output_type": "stream", "text": [f"line {i}\n" for i in range(100)]}
    picture = {"output_type": "display_data", "data": {"image/png": "iVBORw0KGgo" * 1000}}
    text = _parse(parser, notebook([_code("show()", picture, printed)])).drafts[0].text
    assert text.startswith("show()\nOutput:\nline 0\n")
    assert text.endswith("line 11\n…")


def test_an_old_notebook_is_read(parser: DocumentParser) -> None:
    old = {"worksheets": [{"cells": [{"cell_type": "code", "input": ["a = 1"], "language": "python"}]}]}
    assert _parse(parser, json.dumps(old).encode()).drafts[0].text == "a = 1"


def test_lone_surrogates_and_nuls_are_replaced(parser: DocumentParser, count: TokenCounter) -> None:
    document = _parse(parser, notebook([_text("# \ud800 a\0b"), _code("x = '\udfff'")]))
    check(document, None, count)
    assert document.title == "\ufffd a\ufffdb"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"{", "damaged"),
        (b"[]", "damaged"),
        (b"[" * 100_000, "damaged"),
        (b'{"cells": ' * 50_000, "damaged"),
        (b'{"cells": []}', "no_text"),
        (b'{"cells": [1, {"cell_type": 3, "source": {"a": 1}}], "metadata": 4, "worksheets": 7}', "no_text"),
        (notebook([_code("", {"output_type": []})]), "no_text"),
    ],
)
def test_a_notebook_that_holds_nothing_is_refused(parser: DocumentParser, content: bytes, code: str) -> None:
    assert attempt(parser, content, "a.ipynb") == code


def test_damaged_outputs_are_left_out(parser: DocumentParser) -> None:
    content = notebook([_code("x", 3, {"data": "?"}, {"text": 7}, {"output_type": "error", "ename": None})])  # type: ignore[arg-type]
    assert _parse(parser, content).drafts[0].text.startswith("x")


def test_the_refusal_says_what_is_wrong(parser: DocumentParser) -> None:
    with pytest.raises(DocumentError, match="not valid JSON"):
        _parse(parser, b"{")
