from __future__ import annotations

import time

import pytest

from src.core.errors import InvalidRequestError
from src.services.sources.globs import MAX_PATTERNS, PathFilter


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("*.py", "a.py", True),
        ("*.py", "deep/down/a.py", True),
        ("*.py", "a.pyc", False),
        ("**/*.py", "a.py", True),
        ("**/*.py", "deep/down/a.py", True),
        ("docs/*.md", "docs/a.md", True),
        ("docs/*.md", "docs/more/a.md", False),
        ("docs/*.md", "other/docs/a.md", False),
        ("docs/**/*.md", "docs/a.md", True),
        ("docs/**/*.md", "docs/more/and/more/a.md", True),
        ("docs", "docs/more/a.md", True),
        ("docs", "other/docs/a.md", True),
        ("/docs", "other/docs/a.md", False),
        ("/docs", "docs/a.md", True),
        ("/README.md", "README.md", True),
        ("/README.md", "sub/README.md", False),
        ("build/", "build/a.txt", True),
        ("build/", "x/build/a.txt", True),
        ("build/", "build", False),
        ("build/**", "build", False),
        ("build/**", "build/a/b", True),
        ("src/build/**", "x/src/build/a", False),
        ("a/**/z", "a/z", True),
        ("a/**/z", "a/b/c/z", True),
        ("a/**/z", "a/b/c/z/below", True),
        ("a/**/z", "b/a/z", False),
        ("**/a/**/b/**/c", "x/a/y/b/c", True),
        ("**", "anything/at/all", True),
        ("?.txt", "a.txt", True),
        ("?.txt", "ab.txt", False),
        ("[ab].txt", "b.txt", True),
        ("[!ab].txt", "b.txt", False),
        ("[^ab].txt", "c.txt", True),
        ("[[]x].txt", "[x].txt", True),
        ("*.PY", "a.py", False),
        ("*", "a/b/c", True),
        ("a*c", "a/c", False),
        ("{{name}}/*.py", "{{name}}/a.py", True),
    ],
)
def test_a_pattern_selects_the_paths_that_it_should(pattern: str, path: str, matches: bool) -> None:
    assert PathFilter((pattern,), ()).wants(path) is matches
    assert PathFilter((), (pattern,)).wants(path) is not matches


def test_without_patterns_every_file_is_wanted() -> None:
    assert PathFilter((), ()).wants("any/thing")


def test_an_excluded_file_is_not_wanted_even_if_it_is_included() -> None:
    chosen = PathFilter(("*.py", "*.md"), ("tests/", "/setup.py"))
    paths = ["a.py", "b.md", "c.txt", "tests/a.py", "x/tests/b.md", "setup.py", "x/setup.py"]
    assert [path for path in paths if chosen.wants(path)] == ["a.py", "b.md", "x/setup.py"]


def test_a_folder_is_pruned_only_where_nothing_below_can_be_wanted() -> None:
    chosen = PathFilter(("src/**/*.py",), ("build/", "*.tmp", "deep/inner/**"))
    assert chosen.prunes("build")
    assert chosen.prunes("src/build/more")
    assert chosen.prunes("deep/inner")
    assert not chosen.prunes("deep")
    assert not chosen.prunes("src")


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "  ",
        "/",
        "!keep",
        "a\\b",
        "../up",
        "a/./b",
        "a//b",
        "a\nb",
        "x" * 301,
        "*.{py,md}",
        "\ud800",
        "a\x00",
    ],
)
def test_a_pattern_that_cannot_work_is_refused_and_named(pattern: str) -> None:
    with pytest.raises(InvalidRequestError) as refusal:
        PathFilter(("*.py", pattern), ())
    assert refusal.value.fields[0].field == "include[1]"


def test_every_bad_pattern_is_named_at_once() -> None:
    with pytest.raises(InvalidRequestError) as refusal:
        PathFilter(("!a",), ("ok", "b\\c"))
    assert [problem.field for problem in refusal.value.fields] == ["include[0]", "exclude[1]"]


def test_too_many_patterns_are_refused() -> None:
    with pytest.raises(InvalidRequestError):
        PathFilter(("a",) * (MAX_PATTERNS + 1), ())


def test_a_pattern_of_many_stars_does_not_run_away() -> None:
    names = PathFilter(("*a" * 140 + "b",), ())
    folders = PathFilter(("**/a/" * 55 + "b",), ())
    started = time.perf_counter()
    assert not names.wants("a" * 255)
    assert not folders.wants("a/" * 1000 + "c")
    assert folders.wants("a/" * 1000 + "b")
    assert time.perf_counter() - started < 2
