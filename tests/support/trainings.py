"""Training runs that a test carries out itself, step by step, where the worker would."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from src.agents.fine_tuner.archive import DatasetArchive
from src.agents.fine_tuner.full import FullTrainer
from src.agents.fine_tuner.trainers import RunTrainer, Trainer
from src.agents.fine_tuner.training import Training
from src.core.caller import Caller
from src.core.context import JobFence
from src.core.jobs import ClaimedJob, JobRun
from src.core.messages.training import ListTrainingRuns, TrainingRun, TrainJob
from src.core.signals import Signal
from src.database.jobstore import SqlJobStore
from src.services.embeddings.versions import Embedders
from src.services.indexing import PassageVectors
from src.services.training.child import Tuner
from src.services.training.recipe import TuningSettings
from tests.support.schooling import School


def full_trainer(
    school: School,
    tuner: Tuner,
    *,
    folder: Path | None = None,
    settings: TuningSettings | None = None,
    embedders: Embedders | None = None,
) -> FullTrainer:
    """The trainer of the last rung, from five questions on."""
    application = school.house.application
    database, adapters = application.database, application.adapters
    return FullTrainer(
        database,
        adapters.blobs,
        embedders or adapters.embedders,
        PassageVectors(database, adapters.embedders),
        tuner,
        find_base=adapters.find_base,
        folder=folder or application.settings.data_dir / "training",
        settings=settings,
        least_questions=5,
    )


@dataclass
class Attempts:
    """The job of one run, which may be taken up several times."""

    school: School
    trainer: Trainer | RunTrainer
    spec: TrainJob = field(init=False)
    job: ClaimedJob = field(init=False)

    def __post_init__(self) -> None:
        database = self.school.house.application.database
        self.spec = TrainJob(
            collection_id=self.school.collection_id, trainer=self.trainer.name, why="a test asks"
        )
        with database.begin() as work:
            work.enqueue(self.spec, collection_id=self.school.collection_id)
            work.commit()
        self._store = SqlJobStore(database, Signal())
        job = self._store.claim([TrainJob.kind], lease_s=300.0)
        assert job is not None
        self.job = job

    def attempt(self, run: Callable[..., JobRun] = JobRun, **more: Any) -> None:
        """Carry it out, or go on with it, as a ``run`` of this class."""
        application = self.school.house.application
        database, adapters = application.database, application.adapters
        context = replace(
            self.school.house.context(Caller.agent("fine_tuner")),
            fence=JobFence(self.job.id, self.job.lease_token),
        )
        archive = DatasetArchive(database, adapters.embedder)
        trainers = {self.trainer.name: self.trainer}
        training = Training(database, adapters.blobs, adapters.embedders, archive, trainers)
        training.carry_out(self.spec, run(self.job, context, self._store, lambda: False, **more))

    def end(self) -> TrainingRun:
        """The run, when its job has come to its end."""
        self._store.succeed(self.job)
        listed = ListTrainingRuns(collection_id=self.school.collection_id, limit=100)
        runs = self.school.house.ask(listed).items
        return next(run for run in runs if run.job_id == self.job.id)


def train(school: School, trainer: Trainer | RunTrainer) -> TrainingRun:
    """A run that nothing disturbs."""
    attempts = Attempts(school, trainer)
    attempts.attempt()
    return attempts.end()
