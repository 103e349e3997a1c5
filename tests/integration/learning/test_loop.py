"""Readers search, rate what they find, and so decide which model ranks: through the real application."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from src.core.caller import Caller
from src.core.messages.accounts import CreateUser
from src.core.messages.experiments import (
    Experiment,
    ExperimentState,
    GetExperiment,
    ListExperiments,
    Purpose,
    StartExperiment,
)
from src.core.messages.feedback import RateHit, UnrateHit, Verdict
from src.core.messages.models import GetModel, ListModels, ModelState, RollBackModel
from src.core.messages.questions import Search
from tests.support.application import House, make_settings, running, wait_for
from tests.support.rankers import add_candidate, by_cosine
from tests.support.town import PLACES, Town

QUESTIONS = [
    text.format(place)
    for place in PLACES
    for text in (
        "When does the {} open?",
        "At what time does the {} close?",
        "Is the {} open after sunset?",
        "Opening hours of the {}",
    )
]


class Crowd(Town):
    """With ten readers."""

    def __init__(self, house: House) -> None:
        super().__init__(house)
        self.readers = [self._reader(f"reader{number}") for number in range(10)]

    def _reader(self, name: str) -> Caller:
        user = self.house.ask(
            CreateUser(username=name, password=SecretStr("a long password"), roles=("reader",))
        )
        return Caller(user_id=user.id, username=user.username, roles=frozenset(user.roles))

    def like(self, reader: Caller, question: str, external_id: str) -> tuple[str, str]:
        """Search and vote for a document; returns the ids of the search and of the passage."""
        search = Search(query=question, collection_ids=(self.collection_id,))
        found = self.house.ask(search, reader)
        hit = next(hit for hit in found.hits if hit.external_id == external_id)
        self.house.ask(
            RateHit(query_id=found.query_id, passage_id=hit.passage_id, verdict=Verdict.UP), reader
        )
        return found.query_id, hit.passage_id

    def running(self) -> Experiment | None:
        state = ExperimentState.RUNNING
        found = self.house.ask(ListExperiments(collection_id=self.collection_id, state=state)).items
        return found[0] if found else None


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Crowd]:
    with running(make_settings(tmp_path / "data")) as application:
        yield Crowd(House(application))


def test_votes_on_interleaved_lists_promote_what_readers_prefer(town: Crowd) -> None:
    ask = town.house.ask
    candidate = add_candidate(town.house.application, town.collection_id, by_cosine(-5.0))
    preferred = {question: town.first(question, model_id=candidate.id) for question in QUESTIONS}
    before = {question: town.first(question) for question in QUESTIONS}
    trial = ask(StartExperiment(collection_id=town.collection_id, model_id=candidate.id))
    for number in range(4 * len(QUESTIONS)):
        question = QUESTIONS[number % len(QUESTIONS)]
        reader = town.readers[(number + number // len(QUESTIONS)) % len(town.readers)]
        town.like(reader, question, preferred[question])
    ended = wait_for(lambda: _ended(town, trial.id), timeout_s=60)
    assert ended.decision == "promote"
    assert ended.looks[-1].mean > 0.3
    assert ask(GetModel(model_id=candidate.id)).state is ModelState.LIVE
    watch = town.running()
    assert watch is not None
    assert watch.purpose is Purpose.WATCH
    # What was voted for is remembered by any model; a question that nobody asked shows which one ranks.
    unasked = "What is there to know about the harbour?"
    search = Search(query=unasked, collection_ids=(town.collection_id,))
    shown = ask(search, Caller.agent("somebody")).hits[0].external_id
    ask(RollBackModel(model_id=candidate.id))
    assert ask(search, Caller.agent("somebody")).hits[0].external_id != shown
    assert town.running() is None
    assert before[QUESTIONS[0]] != preferred[QUESTIONS[0]]
    live = ask(ListModels(collection_id=town.collection_id, state=ModelState.LIVE)).items
    assert [model.kind for model in live] == ["default"]


def test_a_vote_that_is_taken_back_counts_no_more(town: Crowd) -> None:
    ask = town.house.ask
    candidate = add_candidate(town.house.application, town.collection_id, by_cosine(-5.0))
    trial = ask(StartExperiment(collection_id=town.collection_id, model_id=candidate.id))
    reader = town.readers[0]
    query_id, passage_id = town.like(reader, QUESTIONS[0], "tower.md")

    def votes() -> int:
        return int(ask(GetExperiment(experiment_id=trial.id)).progress["votes"])

    wait_for(lambda: votes() == 1)
    ask(UnrateHit(query_id=query_id, passage_id=passage_id), reader)
    assert votes() == 0


def _ended(town: Crowd, experiment_id: str) -> Experiment | None:
    experiment = town.house.ask(GetExperiment(experiment_id=experiment_id))
    return experiment if experiment.state is ExperimentState.ENDED else None
