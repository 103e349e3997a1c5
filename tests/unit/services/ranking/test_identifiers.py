"""Exact names in a question and in passages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from src.services.ranking.identifiers import identifiers_of, share_found


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("how does get_user_name work", {"get_user_name"}),
        ("what is getUserName and HTTPServer for", {"getUserName", "HTTPServer"}),
        ("when was __init__ or utf8 added", {"__init__", "utf8"}),
        ("Why does the HTTP server of NASA stop?", set()),
        ("what happened in 2019 to 15 users", set()),
        ("list `instancelist` of 'x' and \"max size\"", {"instancelist", "x", "max", "size"}),
        ("print '29' lines", {"29"}),
        ("it doesn't work and they don't know", set()),
        ("the users' files and the team's", set()),
        ("___ -- ''", set()),
        ("вычислить `сумма_всех` 東京2号", {"сумма_всех", "東京2号"}),
    ],
)
def test_names_are_odd_words_and_what_stands_in_quotes(query: str, names: set[str]) -> None:
    assert identifiers_of(query) == names


@pytest.mark.parametrize(
    ("names", "text", "share"),
    [
        ({"get_user"}, "x = get_user(1)", 1.0),
        ({"get_user"}, "x = get_user_name(1)", 0.0),
        ({"get_user"}, "forget_user(); get_user()", 1.0),
        ({"get_user"}, "GET_USER = 1", 1.0),
        ({"MyClass"}, "myclass = MYCLASS()", 0.0),
        ({"MyClass"}, "class MyClass:", 1.0),
        ({"x"}, "for x in y", 1.0),
        ({"x"}, "max", 0.0),
        ({"a", "b", "c", "d"}, "a + b", 0.5),
        (set(), "anything", 0.0),
        ({"name"}, "", 0.0),
        ({"end"}, "the end", 1.0),
    ],
)
def test_a_name_is_found_as_a_whole_word(names: set[str], text: str, share: float) -> None:
    assert share_found(frozenset(names), text) == share


def test_hostile_text_is_neither_slow_nor_fatal(shared_data: Path) -> None:
    strings: list[str] = json.loads((shared_data / "bad_input" / "blns.json").read_text())
    for text in [*strings, "'" * 5000, "`a" * 3000, "a_" * 5000]:
        names = identifiers_of(text)
        assert share_found(names, text) in {0.0, 1.0}
