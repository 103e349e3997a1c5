"""The documentation leads somewhere, and its examples work."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.doc_examples import Example, documents, examples, examples_that_need
from tests.support.source import ROOT, name_of

_LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")


@pytest.mark.parametrize("page", documents(), ids=name_of)
def test_links_within_the_project_lead_to_a_file(page: Path) -> None:
    targets = _LINK.findall(page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("example", examples_that_need(), ids=str)
def test_an_example_works_as_it_stands(example: Example, tmp_path: Path) -> None:
    outcome = example.run({"STOA_DATA_DIR": str(tmp_path)})
    assert outcome.returncode == 0, outcome.stderr


def test_every_command_of_make_that_is_told_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    told = {name for page in documents() for name in re.findall(r"`make ([a-z]+)", page.read_text("utf-8"))}
    assert told <= targets


def test_examples_are_found_with_their_place_and_needs(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# A page\n```sh\nnot this\n```\n```sh run\ntrue\n```\n\n"
        "````python run server two\nprint('```')\n````\n"
    )
    found = [(one.line, one.language, one.needs, one.code) for one in examples(page)]
    assert found == [
        (5, "sh", frozenset(), "true\n"),
        (9, "python", frozenset({"server", "two"}), "print('```')\n"),
    ]


def test_an_example_runs_with_the_projects_interpreter_and_stops_at_a_failure(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```sh run\npython -c 'import src; print(src.__version__)'\nfalse\necho no\n```\n")
    (example,) = examples(page)
    outcome = example.run({})
    assert outcome.returncode == 1
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", outcome.stdout)
