"""Python: every definition with its lines, names and attributes."""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path

import pytest

from src.core.passages import ParsedDocument, PassageDraft, PassageKind
from src.services.parsing.encodings import decode, python_cookie
from src.services.parsing.parser import DocumentParser
from src.services.parsing.tokens import TokenCounter
from tests.unit.services.parsing.checks import check

SOURCE = '''\
"""A shop.

It sells things.
"""
from __future__ import annotations
import os.path
import json as j
from collections import OrderedDict, deque

LIMIT = 3


# The things that are sold.
@register
class Shelf(OrderedDict,
            metaclass=Meta):
    """Holds things."""
    size: int = 3

    # Everything together.
    @property
    @os.path.cached
    def total(self) -> int:
        """The sum."""
        return j.loads(self.text)

    class Row:
        pass

    alias = total


if LIMIT:
    def find(name,  # what to look for
             limit="#"):
        def inner():
            return deque()
        return inner
else:
    async def find(name): ...

print(LIMIT)
'''


def _parse(parser: DocumentParser, source: str | bytes, name: str = "shop.py") -> ParsedDocument:
    content = source.encode() if isinstance(source, str) else source
    return parser.parse(content, name=name, media_type=None)


def _by_symbol(document: ParsedDocument) -> dict[str | None, PassageDraft]:
    return {draft.symbol: draft for draft in reversed(document.drafts)}


@pytest.fixture(scope="module")
def shop(parser: DocumentParser, count: TokenCounter) -> ParsedDocument:
    document = _parse(parser, SOURCE)
    check(document, SOURCE, count)
    return document


def test_every_definition_is_a_passage_at_its_own_lines(shop: ParsedDocument) -> None:
    assert [(d.kind.value, d.symbol, d.location.start_line, d.location.end_line) for d in shop.drafts] == [
        ("module", None, 1, 10),
        ("class", "Shelf", 13, 18),
        ("method", "Shelf.total", 20, 25),
        ("class", "Shelf.Row", 27, 28),
        ("class", "Shelf", 30, 30),
        ("function", "find", 33, 38),
        ("function", "find.inner", 36, 37),
        ("function", "find", 39, 40),
        ("module", None, 42, 42),
    ]


def test_the_context_names_the_enclosing_classes_with_their_bases(shop: ParsedDocument) -> None:
    by_symbol = _by_symbol(shop)
    assert by_symbol["Shelf.total"].context == "class Shelf(OrderedDict, metaclass=Meta) › method total"
    assert by_symbol["find.inner"].context == "function find › function inner"
    assert by_symbol[None].context == "module"


def test_attributes_tell_signature_docstring_decorators_and_imports(shop: ParsedDocument) -> None:
    by_symbol = _by_symbol(shop)
    assert by_symbol["Shelf.total"].attributes == {
        "language": "python",
        "signature": "def total(self) -> int",
        "docstring": "The sum.",
        "decorators": ["property", "os.path.cached"],
        "imports": ["json", "os.path"],
    }
    assert by_symbol["Shelf"].attributes["imports"] == ["collections.OrderedDict"]
    assert by_symbol["find"].attributes["signature"] == "def find(name, limit='#')"
    assert by_symbol["find"].attributes["imports"] == ["collections.deque"]
    assert by_symbol[None].attributes["imports"] == [
        "os.path",
        "json",
        "collections.OrderedDict",
        "collections.deque",
    ]
    assert by_symbol[None].attributes["docstring"] == "A shop.\n\nIt sells things."


def test_only_the_first_run_of_a_class_repeats_its_docstring(shop: ParsedDocument) -> None:
    runs = [draft for draft in shop.drafts if draft.symbol == "Shelf"]
    assert ["docstring" in run.attributes for run in runs] == [True, False]
    assert runs[1].text == "    alias = total"


def test_a_long_function_is_split_with_its_context_repeated(
    parser: DocumentParser, count: TokenCounter
) -> None:
    body = "".join(f"    if argument == {i}:\n        answer = compute({i})\n\n" for i in range(60))
    source = f"class A(B):\n  x = 1\n\ndef long(argument):\n{body}    return answer\n"
    document = _parse(parser, source)
    check(document, source, count)
    parts = [draft for draft in document.drafts if draft.symbol == "long"]
    assert len(parts) > 3
    assert {part.context for part in parts} == {"function long"}
    assert {part.attributes["signature"] for part in parts} == {"def long(argument)"}
    assert [part.attributes["part"] for part in parts] == list(range(1, len(parts) + 1))
    assert all(part.text.startswith(("def long", "    if argument")) for part in parts)


def test_the_inner_functions_of_a_long_function_are_taken_out_of_it(parser: DocumentParser) -> None:
    body = "".join(f"    value_{i} = compute_something({i}, argument)\n" for i in range(40))
    source = f"def outer(argument):\n{body}    def inner():\n        return 1\n    return inner\n"
    document = _parse(parser, source)
    outer = [draft for draft in document.drafts if draft.symbol == "outer"]
    assert not any("def inner" in draft.text for draft in outer)
    assert [d.text for d in document.drafts if d.symbol == "outer.inner"] == [
        "    def inner():\n        return 1"
    ]


def test_comments_and_branch_lines_go_to_the_definition_below_them(parser: DocumentParser) -> None:
    source = "x = 1\n\n# Part one\n\ndef a(): pass\n\ntry:\n    def b(): pass\nexcept E:\n    def b(): ...\n"
    document = _parse(parser, source)
    assert [d.text for d in document.drafts] == [
        "x = 1",
        "# Part one\n\ndef a(): pass",
        "try:\n    def b(): pass",
        "except E:\n    def b(): ...",
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_counted_as_an_editor_counts_them(parser: DocumentParser, end: str) -> None:
    source = end.join(['"""Doc.\x0c \x85 \u2028 end', '"""', "\x0c", "def f():", "    return '\x1c'", ""])
    document = _parse(parser, source)
    function = _by_symbol(document)["f"]
    assert (function.location.start_line, function.location.end_line) == (4, 5)
    assert function.text == "def f():\n    return '\x1c'"


def test_a_coding_cookie_is_obeyed(parser: DocumentParser) -> None:
    source = '# -*- coding: cp1251 -*-\nname = "Привет"\n'
    document = _parse(parser, source.encode("cp1251"))
    assert "Привет" in document.drafts[0].text
    assert document.notices == ()


def test_an_unknown_cookie_and_foreign_bytes_still_get_in(parser: DocumentParser) -> None:
    document = _parse(parser, b'# coding: rot13\nname = "Gr\xfc\xdfe"\n')
    assert 'name = "Grüße"' in document.drafts[0].text
    assert "Windows-1252" in document.notices[0]


@pytest.mark.parametrize(
    "source",
    [
        "def f(:\n    pass\n",
        "print 'python 2'\n",
        "x = '\0'\n" + "# padding\n" * 9,
        "x = " + "(" * 300 + ")" * 300 + "\n",
        "x = " + "-" * 50_000 + "1\n",
        "x = " + "1 + " * 50_000 + "1\n",
        "x = " + "f(" * 90 + ")" * 90 + "\n" + "x" + ".a" * 100_000 + "\n",
        "x = 1" + "0" * 5000 + "\n",
    ],
)
def test_what_is_no_valid_python_gets_in_as_text_or_is_refused(parser: DocumentParser, source: str) -> None:
    document = _parse(parser, source)
    assert document.format == "python"
    assert all(d.kind in (PassageKind.TEXT, PassageKind.MODULE) for d in document.drafts)


def test_a_broken_file_is_taken_in_as_text_with_a_notice(parser: DocumentParser, count: TokenCounter) -> None:
    source = "import os\n\ndef f(:\n    pass\n"
    document = _parse(parser, source)
    check(document, source, count)
    assert document.notices == ("The file is not valid Python (line 3); it was taken in as plain text.",)


def test_a_long_chain_of_branches_does_not_exhaust_the_stack(parser: DocumentParser) -> None:
    source = "if x == 0:\n    pass\n" + "".join(f"elif x == {i}:\n    y = {i}\n" for i in range(2000))
    assert _parse(parser, source + "def after(): pass\n").drafts[-1].text


def test_escaped_surrogates_never_leave_the_parser(parser: DocumentParser) -> None:
    source = 'def f():\n    """A \\ud800 lone one and a \\0."""\n'
    draft = _by_symbol(_parse(parser, source))["f"]
    assert draft.attributes["docstring"] == "A \ufffd lone one and a \ufffd."


MODULES = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))[::6]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_modules_that_others_wrote_are_covered_line_by_line(
    parser: DocumentParser, count: TokenCounter, path: Path
) -> None:
    content = path.read_bytes()
    document = parser.parse(content, name=path.name, media_type=None)
    check(document, decode(content, python_cookie(content)).text, count)
    if sys.version_info < (3, 14):
        assert not document.notices
