from __future__ import annotations

import pytest

from src.agents.answer.code import (
    MOST_LINES,
    extract_code,
    gist_of,
    is_code,
    language_of,
    name_of,
    summary_of,
)
from src.core.passages import PassageKind

from .hits import hit, words

LONG = (
    "def long(a):\n"
    + '    """Do much.\n    """\n'
    + "".join(f"    step_{n} = {'garbage collect' if n == 70 else 'other'}({n})\n" for n in range(90))
)


@pytest.mark.parametrize(
    "text",
    [
        "def f(x):\n    return x",
        'def f(x):\n    """A long docstring.\n\n    With prose in it. And more prose.\n    """\n    return x',
        "import os\nos.remove(path)",
        "x = np.zeros(3)\nprint(x)",
        "public static void main(String[] a) {\n  run();\n}",
        "func Add(a int) int {\n\treturn a\n}",
    ],
)
def test_imported_code_is_known_by_its_look(text: str) -> None:
    assert is_code(hit(1, text, kind=PassageKind.TEXT))


@pytest.mark.parametrize(
    "text", ["Grass is green. Class dismissed.", "", "from here on, return to start", "a\nb"]
)
def test_prose_is_not_taken_for_code(text: str) -> None:
    assert not is_code(hit(1, text, kind=PassageKind.TEXT))


def test_the_kind_of_a_passage_says_what_it_is() -> None:
    assert is_code(hit(1, "anything", kind=PassageKind.FUNCTION, attributes={"language": "python"}))
    assert is_code(hit(1, "x", kind=PassageKind.CELL, attributes={"language": "python"}))
    assert not is_code(hit(1, "Text", kind=PassageKind.CELL, attributes={}))


def test_what_code_is_about_comes_from_the_parser_or_its_first_lines() -> None:
    parsed = hit(
        1,
        "def dump(obj):\n    pass",
        kind=PassageKind.FUNCTION,
        symbol="json.dump",
        attributes={
            "signature": "def dump(obj)",
            "docstring": "Write JSON.\nMore.\n\nDetails.",
            "language": "python",
        },
    )
    assert (name_of(parsed), language_of(parsed), summary_of(parsed)) == (
        "json.dump",
        "python",
        "Write JSON.",
    )
    assert gist_of(parsed) == "json.dump def dump(obj) Write JSON."
    bare = hit(1, 'def load(fp):\n    """Read it."""', kind=PassageKind.TEXT)
    assert (name_of(bare), language_of(bare), summary_of(bare)) == ("load", "python", "")
    assert gist_of(bare) == "def load(fp): Read it."


def test_short_code_is_quoted_whole() -> None:
    extract = extract_code("\n\ndef f():\n    return 1\n\n", frozenset(), words)
    assert (extract.blocks, extract.complete) == (("def f():\n    return 1",), True)


def test_long_code_is_quoted_by_its_head_and_the_lines_that_matter() -> None:
    extract = extract_code(LONG, frozenset(words("garbage collect")), words)
    head, window = extract.blocks
    assert head.startswith("def long(a):")
    assert "step_70 = garbage collect(70)" in window
    assert head.count("\n") + window.count("\n") + 2 <= MOST_LINES
    assert all(block in LONG for block in extract.blocks)


def test_where_nothing_stands_out_the_beginning_is_quoted() -> None:
    (block,) = extract_code(LONG, frozenset({"zebra"}), words).blocks
    assert LONG.startswith(block)
    assert block.count("\n") + 1 == MOST_LINES


def test_a_summary_does_not_end_at_an_abbreviation() -> None:
    docstring = "Heap queue algorithm (a.k.a. Priority queue). Heaps are arrays."
    queue = hit(1, "x = 1", kind=PassageKind.FUNCTION, attributes={"docstring": docstring})
    assert summary_of(queue) == "Heap queue algorithm (a.k.a. Priority queue)."
