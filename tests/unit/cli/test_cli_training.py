"""Training from the terminal: commands against a real server in this process."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from src.cli.main import main
from src.cli.service import Service
from src.core.messages.accounts import CreatePersonalToken
from tests.support.application import House, make_settings, running
from tests.support.schooling import TOPICS, School


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    with running(make_settings(tmp_path_factory.mktemp("training") / "data", learning=False)) as application:
        school = School(House(application), topics=40)
        school.vote(TOPICS[:40])
        yield school


@pytest.fixture(scope="module")
def environment(school: School) -> Iterator[dict[str, str]]:
    service = Service(school.house.application, host="127.0.0.1", port=0)
    service.start()
    token = school.house.ask(CreatePersonalToken(name="terminal")).token
    assert token is not None
    yield {"STOA_URL": service.url, "STOA_TOKEN": token, "STOA_CONFIG": ""}
    service.stop()


def typed(
    environment: dict[str, str], capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0
) -> str:
    capsys.readouterr()
    ended = main(list(arguments), environment)
    printed = capsys.readouterr()
    assert ended == code, printed.err
    return printed.out if code in (0, 1) else printed.err


def test_a_run_is_made_shown_and_listed(
    school: School, environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    shown = typed(environment, capsys, "learn", "train", "Workshop", "--seed", "3")
    assert "succeeded" in shown
    assert "asked for by admin" in shown
    assert "nDCG@10" in shown
    assert "made-up questions: not available: no language model is configured" in " ".join(shown.split())
    (run,) = json.loads(typed(environment, capsys, "learn", "runs", "--collection", "Workshop", "--json"))
    assert (run["seed"], run["trainer"], run["state"]) == (3, "ladder", "succeeded")
    assert run["model_id"] in typed(environment, capsys, "learn", "runs")
    listed = typed(environment, capsys, "learn", "datasets")
    assert "version 1" in listed
    assert "by 3 readers" in listed
    lines = typed(environment, capsys, "learn", "examples", run["dataset_id"]).splitlines()
    votes = [line for line in map(json.loads, lines) if line["made_by"] is None]
    assert {vote["label"] for vote in votes} == {1.0}
    assert len(votes) >= 35
    assert f"{len(lines) - len(votes)} hard negatives beside them" in listed


def test_a_refused_run_says_what_is_missing_and_fails(
    school: School, environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    name = f"Empty {school.collection_id[-6:]}"
    school.house.collection(name)
    refused = typed(environment, capsys, "learn", "train", name, code=1)
    assert "refused" in refused
    assert "0 questions with a usable up-vote" in refused


def test_a_collection_that_is_not_there_is_named(
    environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    missing = typed(environment, capsys, "learn", "runs", "--collection", "Nowhere", code=4)
    assert "no collection named Nowhere" in missing
