"""What a reader may count on in every file."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.support.source import ROOT, name_of, python_files, tree

LONGEST = 300
EVERYWHERE = python_files("src", "tests", "bench", "scripts")
VAGUE = re.compile(r"(?:^|_)(?:utils?|helpers?|managers?|misc|common|stuff)(?:_|$)")
READERS_OF_THE_ENVIRONMENT = {
    "src/core/settings.py",  # the one place that reads it for Stoa
    "src/cli/main.py",  # hands it to the settings
    "src/services/sources/plumbing.py",  # hands git an environment without what it must not see
}


def test_no_file_is_longer_than_a_reader_likes() -> None:
    lengths = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in EVERYWHERE}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST} == {}


def test_every_file_is_named_for_what_it_holds() -> None:
    assert [name_of(path) for path in EVERYWHERE if VAGUE.search(path.stem)] == []


def test_every_module_and_public_class_of_the_product_says_what_it_is_for() -> None:
    silent = [
        f"{name_of(path)}: {getattr(node, 'name', 'the module')}"
        for path in python_files("src")
        for node in (tree(path), *_public_classes(path))
        if ast.get_docstring(node) is None
    ]
    assert silent == []


def test_only_the_settings_read_the_environment() -> None:
    reading = {
        name_of(path)
        for path in python_files("src")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute)
        and node.attr in {"environ", "getenv"}
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
    }
    assert reading <= READERS_OF_THE_ENVIRONMENT


def test_the_product_prints_in_the_terminal_face_alone() -> None:
    printing = {
        name_of(path)
        for path in python_files("src")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    }
    assert {name for name in printing if not name.startswith("src/cli/")} == set()


@pytest.mark.parametrize("folder", ["src", "tests", "scripts", "docs", "requirements"])
def test_no_file_names_a_place_of_one_machine(folder: str) -> None:
    local = re.compile(r"/(?:home|Users)/\w+/|/root/|/work/\w+")
    texts = (
        path for path in (ROOT / folder).rglob("*") if path.suffix in {".py", ".md", ".in", ".lock", ".txt"}
    )
    this = Path(__file__).resolve()
    assert [name_of(path) for path in texts if path != this and local.search(path.read_text("utf-8"))] == []


def _public_classes(path: Path) -> list[ast.ClassDef]:
    return [
        node for node in tree(path).body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    ]
