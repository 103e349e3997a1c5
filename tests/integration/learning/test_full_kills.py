"""A fine-tune that is cut short at any of its steps ends as it would have: one run, one model, one index."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from src.core.jobs import JobRun
from src.core.messages.console import SteerAgent, Steering
from src.core.messages.indexes import ListIndexVersions
from src.core.messages.models import ListModels
from src.core.messages.training import RunState, TrainingRun
from tests.support.application import House, make_settings, running, wait_for
from tests.support.schooling import TOPICS, School
from tests.support.trainings import Attempts, full_trainer
from tests.support.tuning import stand_in

STEPS = ("model tuned", "rank weights fitted", "candidate registered")


class Killed(BaseException):
    """Nothing that is caught on the way."""


class Mortal(JobRun):
    """A job that dies when it has reached a step."""

    def __init__(self, *arguments: Any, step: str) -> None:
        super().__init__(*arguments)
        self._step = step

    def reached(self, name: str) -> None:
        super().reached(name)
        if name == self._step:
            raise Killed


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    """Votes on forty questions, from which rank weights can be learned; nothing is trained by itself."""
    folder = tmp_path_factory.mktemp("kills") / "data"
    with running(make_settings(folder, learning=False, index_build_share=1.0)) as application:
        school = School(House(application), topics=40)
        school.vote(TOPICS[:40])
        school.house.ask(SteerAgent(name="fine_tuner", steering=Steering.PAUSE))
        yield school


def trained(school: School, folder: Path, step: str | None) -> TrainingRun:
    """A run that was killed once at that step."""
    attempts = Attempts(school, full_trainer(school, stand_in(folder)))
    if step is not None:
        with pytest.raises(Killed):
            attempts.attempt(Mortal, step=step)
        attempts.trainer = full_trainer(school, stand_in(folder))
    attempts.attempt()
    return attempts.end()


@pytest.fixture(scope="module")
def undisturbed(school: School, tmp_path_factory: pytest.TempPathFactory) -> TrainingRun:
    run = trained(school, tmp_path_factory.mktemp("undisturbed"), None)
    assert (run.state, run.reason) == (RunState.SUCCEEDED, None)
    return run


@pytest.mark.timeout(300)
@pytest.mark.parametrize("step", STEPS)
def test_a_kill_at_each_step_of_a_fine_tune_changes_nothing(
    step: str, school: School, undisturbed: TrainingRun, tmp_path: Path
) -> None:
    run = trained(school, tmp_path, step)
    assert (run.state, run.reason) == (RunState.SUCCEEDED, None)
    assert (run.figures, run.curves) == (undisturbed.figures, undisturbed.curves)
    models = school.house.ask(ListModels(collection_id=school.collection_id, limit=100)).items
    (model,) = [one for one in models if one.run_id == run.id]
    (first,) = [one for one in models if one.run_id == undisturbed.id]
    assert (model.id, model.artefact) == (run.model_id, first.artefact)
    version = model.card["embedding_version"]
    assert version == first.card["embedding_version"]

    def states() -> list[str]:
        found = school.house.ask(ListIndexVersions(collection_id=school.collection_id)).indexes
        return [index.state for index in found if index.embedding_version == version]

    wait_for(lambda: states() == ["standby"], timeout_s=60)
