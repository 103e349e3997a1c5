"""What holds for any input at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from src.services.parsing.encodings import decode, python_cookie
from src.services.parsing.limits import ParsingLimits
from src.services.parsing.parser import DocumentParser
from src.services.parsing.tokens import Estimate
from tests.unit.services.parsing.checks import attempt, check

PARSER = DocumentParser(tokenizer=None, max_tokens=256, limits=ParsingLimits())
SAMPLES = sorted((Path(__file__).parent / "samples").iterdir())
NAMES = st.sampled_from(
    ["a.py", "a.js", "a.md", "a.rst", "a.html", "a.csv", "a.ipynb", "a.txt", "a", "a.sql"]
)
QUICK = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])

# fmt: off
WORDS = st.sampled_from([
    "def f():", "class A:", "return 1", "if x:", "else:", "# note", "@deco", '"""', "x = (", ")", "pass",
    "# Title", "-----", "=====", "text words", "- item", "```", "}", "{", "function f() {", "", "  ", "\x0c",
])
# fmt: on
LINES = st.lists(st.tuples(st.integers(0, 4), WORDS), max_size=60)


def _parse(content: bytes, name: str) -> None:
    document = attempt(PARSER, content, name)
    if isinstance(document, str):
        assert document
        return
    cookie = python_cookie(content) if document.format == "python" else None
    check(document, decode(content, cookie).text, Estimate())


@QUICK
@given(st.binary(max_size=2000), NAMES)
def test_any_bytes_are_read_or_refused(content: bytes, name: str) -> None:
    _parse(content, name)


@QUICK
@given(st.text(max_size=2000), NAMES)
def test_any_text_is_covered_line_by_line(text: str, name: str) -> None:
    _parse(text.encode("utf-8", "surrogatepass"), name)


@QUICK
@given(LINES, NAMES, st.sampled_from(["\n", "\r\n", "\r"]))
def test_lines_of_code_in_any_order_are_covered(lines: list[tuple[int, str]], name: str, end: str) -> None:
    source = "".join("    " * indent + text + end for indent, text in lines)
    _parse(source.encode(), name)


@QUICK
@given(st.data(), st.sampled_from(SAMPLES))
def test_mutated_source_is_covered_line_by_line(data: st.DataObject, path: Path) -> None:
    content = path.read_bytes()
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        length = data.draw(st.integers(0, 60))
        content = content[:start] + data.draw(st.binary(max_size=20)) + content[start + length :]
    _parse(content, path.name)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_every_beginning_of_a_file_is_covered(path: Path) -> None:
    content = path.read_bytes()
    for end in range(0, len(content), 41):
        _parse(content[:end], path.name)
