from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.services.text.sentences import UnitKind, split_units


def texts(text: str) -> list[str]:
    return [unit.of(text) for unit in split_units(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("It is 3.14 m. Next.", ["It is 3.14 m.", "Next."]),
        ("Use e.g. Redis. Or not.", ["Use e.g. Redis.", "Or not."]),
        ("Dr. Who met Mr. Bean.", ["Dr. Who met Mr. Bean."]),
        ('He said "Stop." Then left.', ['He said "Stop."', "Then left."]),
        ("Call `a. B()` now. Then go.", ["Call `a. B()` now.", "Then go."]),
        ("see foo.bar for more. ok then", ["see foo.bar for more. ok then"]),
        ("A line\nthat wraps. Next\none.", ["A line\nthat wraps.", "Next\none."]),
        ("First para\n\nSecond para", ["First para", "Second para"]),
        ("- one. Two\n- three\n2. four", ["one.", "Two", "three", "four"]),
        ("| a | b |\n| c | d |", ["a | b |", "c | d |"]),
        ("これは文です。次の文。", ["これは文です。", "次の文。"]),
        ("", []),
        (" \n\n ", []),
    ],
)
def test_text_is_cut_into_sentences(text: str, expected: list[str]) -> None:
    assert texts(text) == expected


@pytest.mark.parametrize(
    "text", ["." * 30_000, "a." * 15_000, ".)" * 15_000, "…" * 30_000 + " x", "a|\n" + " " * 30_000]
)
def test_no_text_takes_long(text: str) -> None:
    started = time.process_time()
    split_units(text)
    assert time.process_time() - started < 1.0


def test_headings_and_fenced_code_are_units_of_their_own() -> None:
    text = "# Title\nIntro. More.\n\nOther\n-----\n```py\na. B\n\nc\n```\nEnd."
    assert [(unit.kind, unit.of(text)) for unit in split_units(text)] == [
        (UnitKind.HEADING, "# Title"),
        (UnitKind.SENTENCE, "Intro."),
        (UnitKind.SENTENCE, "More."),
        (UnitKind.HEADING, "Other"),
        (UnitKind.CODE, "```py\na. B\n\nc\n```"),
        (UnitKind.SENTENCE, "End."),
    ]


def test_the_head_of_a_table_is_a_heading_and_each_row_a_sentence() -> None:
    text = "Intro.\n| name | what |\n|:--|---|\n| a | one |\n| b | two |\n\nName | What\n--- | :-:\nc | d\n"
    assert [(unit.kind, unit.of(text)) for unit in split_units(text)] == [
        (UnitKind.SENTENCE, "Intro."),
        (UnitKind.HEADING, "| name | what |"),
        (UnitKind.SENTENCE, "a | one |"),
        (UnitKind.SENTENCE, "b | two |"),
        (UnitKind.HEADING, "Name | What"),
        (UnitKind.SENTENCE, "c | d"),
    ]


def test_rows_between_rules_are_sentences_and_only_the_first_a_heading() -> None:
    text = "+---+-----+\n| x | y   |\n+===+=====+\n| a | one |\n+---+-----+\n| b | two |\n+---+-----+\n"
    assert [(unit.kind, unit.of(text)) for unit in split_units(text)] == [
        (UnitKind.HEADING, "| x | y   |"),
        (UnitKind.SENTENCE, "a | one |"),
        (UnitKind.SENTENCE, "b | two |"),
    ]


def test_a_fence_that_is_never_closed_runs_to_the_end() -> None:
    assert texts("A.\n```\nx\ny") == ["A.", "```\nx\ny"]


@given(st.text(alphabet="aB. \n`#-~|:=!?1)", max_size=120))
def test_units_are_in_order_apart_and_hold_every_word(text: str) -> None:
    units = split_units(text)
    assert all(a.end <= b.start for a, b in pairwise(units))
    assert all(unit.of(text) == unit.of(text).strip() != "" for unit in units)
    outside = list(text)
    for unit in units:
        outside[unit.start : unit.end] = " " * (unit.end - unit.start)
    assert "B" not in outside  # while "a)" may be what marks an item of a list
