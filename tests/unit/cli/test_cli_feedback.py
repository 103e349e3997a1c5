"""Ratings from the terminal: commands against a real server in this process."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from src.cli.main import main
from src.core.messages.questions import Answer, AskQuestion
from tests.support.application import House, make_settings, running
from tests.support.terminal import Typed, typing

QUESTION = "How long does a parcel take?"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with running(make_settings(tmp_path_factory.mktemp("ratings") / "data")) as application:
        house = House(application)
        house.upload(house.collection("Post"), {"parcels.txt": "A parcel takes two working days."})
        yield house


@pytest.fixture
def run(environment: dict[str, str], capsys: pytest.CaptureFixture[str]) -> Typed:
    return typing(environment, capsys)


@pytest.fixture
def answer(house: House) -> Answer:
    return house.ask(AskQuestion(question=QUESTION))


def test_the_answer_that_ask_prints_is_rated_listed_and_unrated(
    run: Typed, environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    main(["ask", QUESTION], environment)
    answer_id = capsys.readouterr().err.split("answer ")[1].split()[0]
    words = ("--stars", "2", "--reason", "outdated", "--reason", "other", "--comment", "Three days now.")
    assert f"Rated down: {QUESTION}" in run("rate", answer_id, "down", *words)
    listed = run("learn", "ratings", "--collection", "Post")
    assert "answer by admin, 2 of 5 stars" in listed
    assert "other; outdated; Three days now." in listed
    assert "taken back" in run("rate", answer_id, "none")
    assert "There are no ratings." in run("learn", "ratings")


def test_a_citation_is_rated_and_has_no_stars(run: Typed, answer: Answer) -> None:
    marker = answer.citations[0].marker
    rated = json.loads(run("rate", answer.answer_id, "up", "--citation", marker, "--json"))
    assert (rated["kind"], rated["marker"], rated["place"]) == ("citation", marker, 1)
    assert "as a whole" in run("rate", answer.answer_id, "up", "--citation", marker, "--stars", "5", code=2)
    assert "no citation" in run("rate", answer.answer_id, "up", "--citation", "77", code=4)
    run("rate", answer.answer_id, "none", "--citation", marker)
    assert "no answer" in run("rate", "missing", "up", code=4)


def test_ratings_are_discarded_and_released(run: Typed, answer: Answer) -> None:
    rated = json.loads(run("rate", answer.answer_id, "up", "--json"))
    assert "1 rating was discarded." in run("learn", "discard", rated["id"])
    assert json.loads(run("learn", "ratings", "--json"))[0]["state"] == "discarded"
    assert json.loads(run("learn", "release", rated["id"], "--json")) == {"changed": 1}
    assert json.loads(run("learn", "ratings", "--held", "--json")) == []
    assert "0 ratings were discarded." in run("learn", "discard", "--held")
    assert "since" in run("learn", "ratings", "--since", "yesterday", code=2)
