"""An embedding model that is a class: documents are cut, found and learned from with it as with any."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from src.adapters import Adapters
from src.agents.fine_tuner.trainers import LadderTrainer
from src.bootstrap import build
from src.core.errors import ConfigurationError
from src.core.messages.console import SteerAgent, Steering
from src.core.messages.questions import Search
from src.core.messages.training import RunState
from src.core.ports import Vectors
from src.services.ranking.training import LadderSettings
from src.services.training.child import Tuner
from tests.support.application import House, cheap_passwords, make_settings, running
from tests.support.schooling import TOPICS, School
from tests.support.trainings import full_trainer, train


class HashedWords:
    """Each word is a direction of its own: nearness is the share of common words."""

    version = "hashed-words-1"
    dimensions = 512
    max_tokens = 200
    tokenizer_path: Path | None = None

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return np.stack([self.embed_query(text) for text in texts])

    def embed_query(self, text: str) -> Vectors:
        vector = np.full(self.dimensions, 1e-6, np.float32)
        for word in text.lower().split():
            vector[int(hashlib.sha256(word.encode()).hexdigest(), 16) % self.dimensions] += 1
        return vector / np.linalg.norm(vector)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("own") / "data"
    settings = make_settings(folder, embedding_model="hashed words", learning=False)
    adapters = partial(Adapters.from_settings, models={"hashed words": lambda settings: HashedWords()})
    application = build(settings, adapters=adapters, passwords=cheap_passwords())
    try:
        application.start()
        yield House(application)
    finally:
        application.drain()
        application.close()


def test_documents_are_cut_and_found_by_it(house: House) -> None:
    collection = house.collection("Own")
    house.upload(collection, {"tea.txt": "Tea is made in a pot.\n" * 60, "ink.txt": "Ink is made of soot."})
    found = house.ask(Search(query="tea in a pot", collection_ids=(collection,)))
    assert found.hits[0].external_id == "tea.txt"
    assert found.hits[0].scores.dense == pytest.approx(
        float(HashedWords().embed_query("tea in a pot") @ HashedWords().embed_query(found.hits[0].text)),
        abs=0.2,
    )
    assert house.application.adapters.embedders.of("hashed-words-1").dimensions == 512


def test_rankings_learn_with_it_and_only_its_own_weights_cannot_be_tuned(house: House) -> None:
    school = School(house, topics=8)
    school.vote(TOPICS[:8])
    house.ask(SteerAgent(name="fine_tuner", steering=Steering.PAUSE))
    learned = train(school, LadderTrainer(LadderSettings(weights_from=5)))
    assert (learned.state, learned.environment["embedding_version"]) == (
        RunState.SUCCEEDED,
        "hashed-words-1",
    )
    tuned = train(school, full_trainer(school, Tuner(python="a Python that has torch")))
    assert (tuned.state, tuned.reason) == (
        RunState.REFUSED,
        "The configured embedding model is a class of its own; only BERT weights can be tuned.",
    )


def test_a_name_that_no_class_has_is_refused_as_before(tmp_path: Path) -> None:
    settings = make_settings(tmp_path / "data", embedding_model="hashed words")
    with pytest.raises(ConfigurationError, match="hashed words"), running(settings):
        pass
