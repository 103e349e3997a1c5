"""A fine-tune that is cut short at any of its steps ends as it would have: one run, one model, one index."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from src.adapters import base_model
from src.agents.fine_tuner.archive import DatasetArchive
from src.agents.fine_tuner.full import FullTrainer
from src.agents.fine_tuner.training import Training
from src.core.caller import Caller
from src.core.context import JobFence
from src.core.jobs import ClaimedJob, JobRun
from src.core.messages.console import SteerAgent, Steering
from src.core.messages.indexes import ListIndexVersions
from src.core.messages.models import ListModels
from src.core.messages.training import ListTrainingRuns, RunState, TrainingRun, TrainJob
from src.core.signals import Signal
from src.database.jobstore import SqlJobStore
from src.services.indexing import PassageVectors
from tests.support.application import House, make_settings, running, wait_for
from tests.support.schooling import TOPICS, School
from tests.support.tuning import stand_in

STEPS = ("model tuned", "rank weights fitted", "candidate registered")


class Killed(BaseException):
    """Nothing that is caught on the way."""


class Mortal(JobRun):
    """A job that dies when it has reached a step."""

    step: str | None = None

    def reached(self, name: str) -> None:
        super().reached(name)
        if name == self.step:
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


def training(school: School, folder: Path) -> Training:
    application = school.house.application
    database, adapters = application.database, application.adapters
    full = FullTrainer(
        database,
        adapters.blobs,
        adapters.embedders,
        PassageVectors(database, adapters.embedders),
        stand_in(folder),
        find_base=partial(base_model, application.settings),
        folder=application.settings.data_dir / "training",
        least_questions=5,
    )
    archive = DatasetArchive(database, adapters.embedder)
    return Training(database, adapters.blobs, adapters.embedders, archive, {full.name: full})


def attempt(school: School, made: Training, job: ClaimedJob, store: SqlJobStore, step: str | None) -> None:
    context = replace(
        school.house.context(Caller.agent("fine_tuner")), fence=JobFence(job.id, job.lease_token)
    )
    run = Mortal(job, context, store, lambda: False)
    run.step = step
    made.carry_out(TrainJob(collection_id=school.collection_id, trainer="full", why="a test asks"), run)


def trained(school: School, folder: Path, step: str | None) -> TrainingRun:
    """A run that was killed once at that step."""
    database = school.house.application.database
    with database.begin() as work:
        spec = TrainJob(collection_id=school.collection_id, trainer="full", why="a test asks")
        work.enqueue(spec, collection_id=school.collection_id)
        work.commit()
    store = SqlJobStore(database, Signal())
    job = store.claim([TrainJob.kind], lease_s=300.0)
    assert job is not None
    if step is not None:
        with pytest.raises(Killed):
            attempt(school, training(school, folder), job, store, step)
    attempt(school, training(school, folder), job, store, None)
    store.succeed(job)
    runs = school.house.ask(ListTrainingRuns(collection_id=school.collection_id, limit=100)).items
    (run,) = [run for run in runs if run.job_id == job.id]
    return run


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
