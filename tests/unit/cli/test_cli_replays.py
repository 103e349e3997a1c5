"""Replays and golden questions from the terminal, over documents that can be searched."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from src.core.messages.feedback import RateHit
from tests.support.application import House, make_settings, running
from tests.support.rankers import add_candidate, by_cosine
from tests.support.terminal import Typed, reachable, typing
from tests.support.town import QUESTION, Town


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with running(make_settings(tmp_path_factory.mktemp("replays") / "data", learning=False)) as application:
        yield Town(House(application))


@pytest.fixture(scope="module")
def environment(town: Town) -> Iterator[dict[str, str]]:
    with reachable(town.house) as made:
        yield made


@pytest.fixture
def run(environment: dict[str, str], capsys: pytest.CaptureFixture[str]) -> Typed:
    return typing(environment, capsys, "learn")


def test_a_replay_tells_where_the_live_model_has_each_passage(town: Town, run: Typed) -> None:
    assert "nothing to compare" in run("replay", town.collection_id, QUESTION, code=4)
    other = add_candidate(town.house.application, town.collection_id, by_cosine(-5.0)).id
    shown = run("replay", town.collection_id, QUESTION)
    assert "Version 2 (candidate) would show, and now version 1 shows:" in shown
    assert f"  1. {town.first(model_id=other)}" in shown
    told = json.loads(run("replay", town.collection_id, QUESTION, "--model", other, "--json"))
    assert [hit["external_id"] for hit in told["now"]] == town.order()
    assert [hit["external_id"] for hit in told["then"]] == town.order(model_id=other)
    assert "no model nobody" in run("replay", town.collection_id, QUESTION, "--model", "nobody", code=4)
    assert run("board", town.collection_id) == "Nothing was measured yet.\n"


def test_golden_questions_about_documents_that_are_not_there_are_told(
    town: Town, run: Typed, tmp_path: Path
) -> None:
    (tmp_path / "queries.jsonl").write_text('{"_id": 1, "text": "When?"}\n{"_id": 2, "text": "Where?"}\n')
    (tmp_path / "qrels").mkdir()
    (tmp_path / "qrels" / "test.tsv").write_text("1\tmarket.md\t1\n2\tlighthouse.md\t1\n")
    added = run("golden", "add", town.collection_id, str(tmp_path), "--name", "Port")
    assert "Port: 2 questions" in added
    assert "1 of them measure nothing" in added
    (listed,) = json.loads(run("golden", "list", "--json"))
    shown = run("golden", "questions", listed["id"])
    assert "lighthouse.md, not in the collection" in shown
    assert "market.md\n" in shown
    rating = town.house.ask(
        RateHit(query_id=(found := town.find()).query_id, passage_id=found.hits[0].passage_id, verdict="up")
    )
    assert "Port: 3 questions" in run("golden", "accept", town.collection_id, rating.id, "--name", "Port")
    taken = next(
        one for one in json.loads(run("golden", "questions", listed["id"], "--json")) if one["rating_id"]
    )
    assert taken["accepted_by"] == "admin"
    assert run("golden", "delete", listed["id"], "--question", taken["id"]) == f"{taken['id']} was deleted.\n"
    assert "no question" in run("golden", "delete", listed["id"], "--question", taken["id"], code=4)
    assert json.loads(run("golden", "list", "--json"))[0]["questions"] == 2
