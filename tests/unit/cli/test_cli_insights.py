"""Insights and the outcomes of ratings from the terminal: commands against a real server."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from src.core.messages.feedback import RateHit, Verdict
from src.core.messages.questions import AskQuestion, Search
from tests.support.application import House, make_settings, running
from tests.support.terminal import Typed, typing


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with running(make_settings(tmp_path_factory.mktemp("insights") / "data")) as application:
        yield House(application)


@pytest.fixture
def run(environment: dict[str, str], capsys: pytest.CaptureFixture[str]) -> Typed:
    return typing(environment, capsys, "learn")


def test_insights_and_outcomes_are_printed_for_people_and_for_programs(house: House, run: Typed) -> None:
    assert "Nothing failed that is known of." in run("insights")
    assert "You have rated nothing yet." in run("outcomes")
    collection = house.collection("Post")
    house.upload(collection, {"parcels.txt": "A parcel within the country takes two working days."})
    asked = "Which enzyme does the vaccine trial inhibit?"
    house.ask(AskQuestion(question=asked, collection_ids=(collection,)))
    found = house.ask(Search(query="How long does a parcel take?", collection_ids=(collection,)))
    house.ask(RateHit(query_id=found.query_id, passage_id=found.hits[0].passage_id, verdict=Verdict.UP))
    shown = run("insights", "--collection", "Post", "--refresh")
    assert asked in shown
    assert "nothing indexed: The evidence check refused" in shown
    assert "Add a document or a source about it." in shown
    (insight,) = json.loads(run("insights", "--json"))
    assert (insight["cause"], insight["size"]) == ("nothing_indexed", 1)
    assert "How long does a parcel take?" in run("outcomes")
    (outcome,) = json.loads(run("outcomes", "--json"))
    assert outcome["rating"]["verdict"] == "up"
    assert "Nowhere" in run("insights", "--collection", "Nowhere", code=4)
