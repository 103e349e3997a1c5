"""Models, experiments and golden sets from the terminal: commands against a real server in this process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.application import House, make_settings, running
from tests.support.rankers import add_candidate, by_cosine
from tests.support.terminal import Typed, typing


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with running(make_settings(tmp_path_factory.mktemp("trials") / "data"), worker=False) as application:
        yield House(application)


@pytest.fixture
def run(environment: dict[str, str], capsys: pytest.CaptureFixture[str]) -> Typed:
    return typing(environment, capsys, "learn")


def parsed(text: str) -> Any:
    return json.loads(text)


def test_a_model_is_tried_promoted_and_taken_back(house: House, run: Typed) -> None:
    collection_id = house.collection("Town")
    assert run("models", "--collection", "Town") == "There are no models.\n"
    model_id = add_candidate(house.application, collection_id, by_cosine(1.0)).id
    listed = run("models", "--collection", "Town")
    assert "version 1  live" in listed
    assert "version 2  candidate" in listed
    trial = parsed(run("try", "Town", "--model", model_id, "--json"))
    assert "Not enough data yet: 0 of 100" in trial["progress"]["sentence"]
    listed = run("experiments", "--collection", "Town")
    assert "trial  running" in listed
    assert "version 2 against 1" in listed
    assert "Not enough data yet: 0 of 100 up-votes for the next look." in " ".join(listed.split())
    assert "Before the start: A gain of +0.030 is found in 80% of trials by" in " ".join(listed.split())
    assert "superseded" not in run("promote", model_id, "--reason", "It is better.")
    assert "version 2  live" in run("models")
    shown = run("model", model_id)
    assert "version 2  live" in shown
    assert "trial to live by admin: It is better." in shown
    assert "candidate by agent:fine_tuner: Trained on votes." in shown
    watch = next(one for one in parsed(run("experiments", "--json")) if one["state"] == "running")
    assert "stopped" in run("stop", watch["id"])
    assert "version 1  live" in run("rollback", model_id)
    assert "nothing to undo" in run("rollback", model_id, code=1)


def test_another_way_to_answer_is_compared_shown_and_stopped(
    house: House, run: Typed, tmp_path: Path
) -> None:
    house.collection("Port")
    refused = run("compare", "Port", "--template", "quoting", code=2)
    assert "Answers are extracts here" in refused
    assert "cannot be read" in run("compare", "Port", "--template", str(tmp_path / "none.md"), code=2)
    assert "that takes 5 readers in each arm" in run("compare", "Port", "--plan")
    assert parsed(run("compare", "Port", "--plan", "--json"))["effect"] == 0.1
    assert "Name what to compare" in run("compare", "Port", code=2)
    made = parsed(
        run(
            "compare",
            "Port",
            "--passages",
            "4",
            "--evidence",
            "0.3",
            "--memory",
            "off",
            "--share",
            "0.5",
            "--json",
        )
    )
    assert (made["method"], made["share"]) == ("ab", 0.5)
    model = next(one for one in parsed(run("models", "--json")) if one["id"] == made["treatment_id"])
    assert {one["kind"] for one in model["card"]["settings"]} == {"passages", "evidence", "memory"}
    shown = run("experiment", made["id"])
    assert "control: not rated yet; 0 answers to 0 readers" in shown
    assert "Nobody has been assigned yet." in shown
    assert "slow answers" in shown
    assert "stopped" in run("stop", made["id"], "--reason", "Enough.")
    again = parsed(run("compare", "Port", "--aa", "--json"))
    assert again["purpose"] == "aa"
    run("stop", again["id"])


def test_what_a_trial_takes_is_told_before_it_and_a_part_of_the_searches_may_take_part(
    house: House, run: Typed
) -> None:
    house.collection("Bay")
    assert "A gain of +0.030 is found in 80% of trials" in run("try", "Bay", "--plan")
    assert parsed(run("try", "Bay", "--plan", "--json"))["effect"] == 0.03
    made = parsed(run("try", "Bay", "--aa", "--share", "0.25", "--json"))
    assert (made["purpose"], made["share"]) == ("aa", 0.25)
    loop = run("loop", "--collection", "Bay")
    assert "itself is tested, 0 up-votes, looked at when 100 of them count" in " ".join(loop.split())
    assert [one["collection"] for one in parsed(run("loop", "--json", "--collection", "Bay"))] == ["Bay"]
    run("stop", made["id"])


def test_a_folder_becomes_a_golden_set_and_grows(house: House, run: Typed, tmp_path: Path) -> None:
    house.collection("Desk")
    folder = tmp_path / "desk"
    folder.mkdir()
    (folder / "corpus.jsonl").write_text('{"id": "a", "title": "", "text": "Ahoy."}\n')
    (folder / "queries.jsonl").write_text('{"id": "1", "text": "What is said?"}\n')
    (folder / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\n1\ta\t2\n")
    assert run("golden", "list") == "There are no golden sets.\n"
    added = run("golden", "add", "Desk", str(folder), "--margin", "0.01")
    assert "desk: 1 questions, may fall by 0.01" in added
    assert "1 of them measure nothing: none of their right documents is in the collection." in added
    (folder / "queries.jsonl").write_text('{"id": "1", "text": "And by whom?"}\n')
    run("golden", "add", "Desk", str(folder))
    (found,) = parsed(run("golden", "list", "--collection", "Desk", "--json"))
    assert (found["name"], found["questions"]) == ("desk", 2)
    assert run("golden", "delete", found["id"]) == f"{found['id']} was deleted.\n"
    assert run("golden", "list") == "There are no golden sets.\n"
