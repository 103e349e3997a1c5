"""From readers' votes to a tuned embedding model that is live, proved by a golden set and by its trial."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import pytest

from src import wiring
from src.agents.fine_tuner.full import FullTrainer
from src.agents.fine_tuner.trainers import LadderTrainer
from src.core.messages.experiments import (
    Experiment,
    ExperimentState,
    GetExperiment,
    ListExperiments,
    Purpose,
)
from src.core.messages.golden import AddGoldenSet, GoldenJudgment, GoldenQuestion
from src.core.messages.indexes import ListIndexVersions
from src.core.messages.models import GetModel, ModelDetail, ModelState
from src.core.messages.questions import Search
from src.core.messages.training import ListTrainingRuns, RunState, TrainingRun
from src.services.ranking.training import LadderSettings
from src.services.training.recipe import TuningSettings
from tests.support.application import House, make_settings, running, wait_for
from tests.support.schooling import TOPICS, School

VOTED = 40
ASKED = "How do I {} correctly?"
PHRASINGS = (ASKED, "What is the proper way to {}?", "Please explain to {}", "Best practice for who must {}")


@pytest.fixture
def school(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[School]:
    """Where the last rung is due from forty votes, is done in little, and is the only one."""
    small = partial(TuningSettings, batch=8, epochs=1, max_tokens=16, checkpoint_steps=2)
    monkeypatch.setattr(wiring, "TuningSettings", small)
    monkeypatch.setattr(wiring, "FullTrainer", partial(FullTrainer, least_questions=VOTED))
    no_others = LadderSettings(weights_from=2**31)
    monkeypatch.setattr(wiring, "LadderTrainer", partial(LadderTrainer, no_others))
    settings = make_settings(tmp_path / "data", tuning_from=VOTED, index_build_share=1.0)
    with running(settings) as application:
        made = School(House(application), topics=len(TOPICS))
        made.readers = tuple(made.person(f"reader{number}") for number in range(10))
        yield made


def run_of(school: School) -> TrainingRun | None:
    """The run that tunes, when it has ended."""
    runs = school.house.ask(ListTrainingRuns(collection_id=school.collection_id)).items
    return next((run for run in runs if run.state is not RunState.RUNNING), None)


def comparison(school: School, purpose: Purpose) -> Experiment | None:
    found = school.house.ask(
        ListExperiments(collection_id=school.collection_id, state=ExperimentState.RUNNING)
    )
    return next((one for one in found.items if one.purpose is purpose), None)


def model(school: School, model_id: str) -> ModelDetail:
    return school.house.ask(GetModel(model_id=model_id))


@pytest.mark.timeout(420)
@pytest.mark.skipif(find_spec("torch") is None, reason="torch is not installed (make train)")
def test_votes_tune_a_model_that_wins_its_trial_and_goes_live_with_its_index(school: School) -> None:
    ask = school.house.ask
    unseen = TOPICS[VOTED:]
    golden = tuple(
        GoldenQuestion(
            question=f"Which steps are there to {topic}?",
            judgments=(GoldenJudgment(external_id=f"manual {topic}"),),
        )
        for topic in unseen[:12]
    )
    ask(AddGoldenSet(collection_id=school.collection_id, name="desk", questions=golden))
    school.vote(TOPICS[:VOTED])

    run = wait_for(lambda: run_of(school), timeout_s=180)
    assert (run.trainer, run.state, run.reason) == ("full", RunState.SUCCEEDED, None)
    assert run.configuration["why"].startswith(f"{VOTED} up-votes")
    tuned = model(school, run.model_id or "")
    version = tuned.card["embedding_version"]
    assert tuned.card["figures"]["agreement"]["least"] > 0.98

    trial = wait_for(lambda: comparison(school, Purpose.TRIAL), timeout_s=120)
    assert trial.treatment_id == tuned.id
    proofs = {one.name: one for one in model(school, tuned.id).evaluations}
    assert proofs["golden set desk"].passed
    for phrasing in PHRASINGS:
        if ask(GetExperiment(experiment_id=trial.id)).state is ExperimentState.ENDED:
            break
        school.vote(unseen, question=phrasing)
        school.quiet()

    ended = ask(GetExperiment(experiment_id=trial.id))
    assert (ended.state, ended.decision) == (ExperimentState.ENDED, "promote")
    now = model(school, tuned.id)
    assert now.state is ModelState.LIVE
    assert [change.after for change in now.changes] == [
        ModelState.CANDIDATE,
        ModelState.GATED,
        ModelState.TRIAL,
        ModelState.LIVE,
    ]
    indexes = ask(ListIndexVersions(collection_id=school.collection_id)).indexes
    states = {index.embedding_version: index.state for index in indexes}
    assert states.pop(version) == "live"
    assert list(states.values()) == ["standby"], "the way back"
    found = ask(Search(query="How do I repair an anchor?", collection_ids=(school.collection_id,)))
    assert version in found.index_version
    assert found.notices == ()
    watch = wait_for(lambda: comparison(school, Purpose.WATCH))
    assert watch.control_id == tuned.id
