from __future__ import annotations

import itertools
import random
import time

import pytest

from src.agents.retrieval.globs import path_glob


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("*.py", "a.py", True),
        ("*.py", "src/web/a.py", True),
        ("*.py", "a.py/b.txt", False),
        ("src/*.py", "src/a.py", True),
        ("src/*.py", "src/web/a.py", False),
        ("src/**.py", "src/web/a.py", True),
        ("src/**/a.py", "src/a.py", True),
        ("src/**/a.py", "src/web/api/a.py", True),
        ("src/**/api/**/a.py", "src/api/api/x/a.py", True),
        ("**/test_*_?.py", "x/test_a_b_c.py", True),
        ("docs/", "docs/a/b.md", True),
        ("docs/", "docs", False),
        ("/README.md", "README.md", True),
        ("/README.md", "docs/README.md", False),
        ("a+b[1].txt", "x/a+b[1].txt", True),
        ("?.c", "é.c", True),
    ],
)
def test_a_glob_means_what_its_users_are_told(pattern: str, path: str, matches: bool) -> None:
    assert bool(path_glob(pattern).fullmatch(path)) is matches


def test_a_glob_matches_what_a_patient_reader_of_it_finds() -> None:
    rng = random.Random(7)
    paths = ["".join(letters) for n in range(1, 7) for letters in itertools.product("ab/", repeat=n)]
    for _ in range(300):
        names = ["".join(rng.choices(["a", "b", "*", "?"], k=rng.randint(1, 3))) for _ in range(3)]
        names = [rng.choice([name.replace("**", "*"), "**"]) for name in names[: rng.randint(1, 3)]]
        pattern = "/".join(names)
        compiled = path_glob(pattern)
        whole = pattern if "/" in pattern else f"**/{pattern}"
        for path in rng.sample(paths, 60):
            assert bool(compiled.fullmatch(path)) is _matches(whole, path), (pattern, path)


@pytest.mark.parametrize("pattern", ["**/" * 160 + "x", "*a" * 240 + "b", "**a" * 160 + "b", "?*" * 240])
def test_no_pattern_runs_away(pattern: str) -> None:
    paths = ["a" * 400, "a/" * 200, "ab" * 150 + "/a" * 50]
    started = time.process_time()
    for path in paths:
        path_glob(pattern).fullmatch(path)
    assert time.process_time() - started < 1.0


def _matches(pattern: str, path: str) -> bool:
    """Every way to read the pattern, tried in turn."""
    if pattern.startswith("**/"):
        starts = [0, *(place + 1 for place, letter in enumerate(path) if letter == "/")]
        return any(_matches(pattern[3:], path[start:]) for start in starts)
    if pattern.startswith("**"):
        return any(_matches(pattern[2:], path[start:]) for start in range(len(path) + 1))
    if pattern.startswith("*"):
        name = len(path.partition("/")[0])
        return any(_matches(pattern[1:], path[start:]) for start in range(name + 1))
    if not pattern or not path:
        return pattern == path
    same = path[0] == pattern[0] if pattern[0] != "?" else path[0] != "/"
    return same and _matches(pattern[1:], path[1:])
