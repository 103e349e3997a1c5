"""Training from the terminal: commands against a real server in this process."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.support.application import House, make_settings, running
from tests.support.schooling import TOPICS, School
from tests.support.terminal import Typed, reachable, typing


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    with running(make_settings(tmp_path_factory.mktemp("training") / "data", learning=False)) as application:
        school = School(House(application), topics=40)
        school.vote(TOPICS[:40])
        yield school


@pytest.fixture(scope="module")
def environment(school: School) -> Iterator[dict[str, str]]:
    with reachable(school.house) as made:
        yield made


@pytest.fixture
def run(environment: dict[str, str], capsys: pytest.CaptureFixture[str]) -> Typed:
    return typing(environment, capsys)


def test_a_run_is_made_shown_and_listed(school: School, run: Typed) -> None:
    shown = run("learn", "train", "Workshop", "--seed", "3")
    assert "succeeded" in shown
    assert "asked for by admin" in shown
    assert "nDCG@10" in shown
    assert "made-up questions: not available: no language model is configured" in " ".join(shown.split())
    (made,) = json.loads(run("learn", "runs", "--collection", "Workshop", "--json"))
    assert (made["seed"], made["trainer"], made["state"]) == (3, "ladder", "succeeded")
    assert made["model_id"] in run("learn", "runs")
    whole = " ".join(run("learn", "run", made["id"]).split())
    assert f"seed 3, data set {made['dataset_id']}" in whole
    assert ("held-out loss" in whole) == bool(made["curves"].get("penalty"))
    assert "no training run" in run("learn", "run", "missing", code=4)
    listed = run("learn", "datasets")
    assert "version 1" in listed
    assert "by 3 readers" in listed
    lines = run("learn", "examples", made["dataset_id"]).splitlines()
    votes = [line for line in map(json.loads, lines) if line["made_by"] is None]
    assert {vote["label"] for vote in votes} == {1.0}
    assert len(votes) >= 35
    assert f"{len(lines) - len(votes)} hard negatives beside them" in listed


def test_a_refused_run_says_what_is_missing_and_fails(school: School, run: Typed) -> None:
    name = f"Empty {school.collection_id[-6:]}"
    school.house.collection(name)
    refused = run("learn", "train", name, code=1)
    assert "refused" in refused
    assert "0 questions with a usable up-vote" in refused


def test_a_collection_that_is_not_there_is_named(run: Typed) -> None:
    missing = run("learn", "runs", "--collection", "Nowhere", code=4)
    assert "no collection named Nowhere" in missing
