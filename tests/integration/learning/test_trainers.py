"""A trainer of one's own, and what becomes of a result that must not be used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from src.agents.fine_tuner.trainers import Material
from src.core.messages.console import SteerAgent, Steering
from src.core.messages.models import GetModel
from src.core.messages.training import RunState
from src.services.ranking.artefact import load
from src.services.ranking.diagnosis import Finding
from src.services.ranking.linear import RankWeights, WeightsFit
from src.services.ranking.ranker import FusionWeights, Ranker
from src.services.ranking.training import RankerFit
from tests.support.application import House, make_settings, running
from tests.support.schooling import TOPICS, School
from tests.support.trainings import train


class WordsTrainer:
    """Counts words double, whatever the votes say, and finds what it is told to."""

    name = "words"
    least_questions = 5
    configuration: dict[str, Any] = {"lexical": 0.5}

    def __init__(self, *findings: Finding, base_loss: float = 2.0) -> None:
        self._findings = findings
        self._base_loss = base_loss

    def check(self) -> None:
        return

    def fit(self, material: Material, *, seed: int) -> RankerFit:
        width = len(material.names)
        weights = RankWeights(material.names, np.zeros(width), np.ones(width), np.zeros(width))
        return RankerFit(
            ranker=Ranker(FusionWeights(lexical=0.5)),
            questions=sum(bool(example.target.any()) for example in material.examples),
            weights=WeightsFit(weights, 1.0, {1.0: 1.0}, self._base_loss, 1.0, np.zeros((0, 0))),
            findings=self._findings,
        )


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    """Votes on eight questions; the tests carry out the runs, not the worker."""
    with running(make_settings(tmp_path_factory.mktemp("trainers") / "data", learning=False)) as application:
        school = School(House(application), topics=8)
        school.vote(TOPICS[:8])
        school.house.ask(SteerAgent(name="fine_tuner", steering=Steering.PAUSE))
        yield school


def test_a_ranker_of_one_s_own_becomes_a_candidate(school: School) -> None:
    run = train(school, WordsTrainer())
    assert (run.state, run.trainer, run.configuration["trainer"]) == (
        RunState.SUCCEEDED,
        "words",
        {"lexical": 0.5},
    )
    model = school.house.ask(GetModel(model_id=run.model_id or ""))
    adapters = school.house.application.adapters
    ranker = load(
        adapters.blobs.get(model.artefact or ""),
        embedding_version=adapters.embedder.version,
        dimensions=adapters.embedder.dimensions,
    )
    assert ranker == Ranker(FusionWeights(lexical=0.5))


def test_a_fatal_finding_fails_the_run_in_its_words_and_no_model_comes_of_it(school: School) -> None:
    run = train(school, WordsTrainer(Finding("collapsed", "One passage leads all rankings.", fatal=True)))
    assert (run.state, run.reason, run.model_id) == (
        RunState.FAILED,
        "One passage leads all rankings.",
        None,
    )
    (finding,) = run.findings
    assert (finding.code, finding.fatal) == ("collapsed", True)


def test_who_learned_nothing_makes_no_candidate_and_says_so(school: School) -> None:
    run = train(school, WordsTrainer(Finding("learned_nothing", "No better than before."), base_loss=0.5))
    assert (run.state, run.model_id) == (RunState.SUCCEEDED, None)
    assert run.reason == "No candidate. No better than before."
