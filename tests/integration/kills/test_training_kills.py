"""kill -9 at every named step of a training run, one after another: the end is as if nothing had happened."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from src.core.clock import SystemClock
from src.core.messages.training import StartTraining
from src.database.models import (
    DatasetRecord,
    DeadLetterRecord,
    EventRecord,
    ExampleRecord,
    ModelRecord,
    TrainingRunRecord,
)
from src.database.uow import Database
from tests.support.application import House, make_settings, running
from tests.support.killing import copy, work_off
from tests.support.schooling import TOPICS, School

STEPS = ("data set stored", "candidates gathered", "fitted", "artefact stored", "candidate registered")


@dataclass(frozen=True)
class End:
    """What must be the same however often the work was cut short."""

    runs: tuple[tuple[str, str, int, str], ...]
    datasets: tuple[tuple[int, str], ...]
    examples: int
    models: tuple[tuple[int, str, str | None], ...]
    told: tuple[tuple[str, int], ...]
    letters: int


def end(data_dir: Path) -> End:
    database = Database(make_settings(data_dir).database, SystemClock())
    with database.read() as work:
        runs = work.session.scalars(select(TrainingRunRecord)).all()
        datasets = work.session.scalars(select(DatasetRecord)).all()
        models = work.session.scalars(select(ModelRecord)).all()
        events = work.session.scalars(select(EventRecord)).all()
        told = Counter(e.topic for e in events if e.topic in {"training.ended.v1", "candidate.trained.v1"})
        reached = End(
            runs=tuple(sorted((run.state, run.trainer, run.seed, str(run.figures)) for run in runs)),
            datasets=tuple(sorted((dataset.version, dataset.digest) for dataset in datasets)),
            examples=len(work.session.scalars(select(ExampleRecord.id)).all()),
            models=tuple(sorted((model.version, model.kind, model.artefact) for model in models)),
            told=tuple(sorted(told.items())),
            letters=len(work.session.scalars(select(DeadLetterRecord.id)).all()),
        )
    database.close()
    return reached


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with votes enough, and a run that was asked for and not begun."""
    data_dir = tmp_path_factory.mktemp("training") / "data"
    with running(make_settings(data_dir, learning=False)) as application:
        school = School(House(application), topics=36)
        school.vote(TOPICS[:36])
    with running(make_settings(data_dir, learning=False), worker=False) as application:
        House(application).ask(StartTraining(collection_id=school.collection_id, seed=5))
    return data_dir


@pytest.fixture(scope="module")
def undisturbed(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> End:
    data_dir = copy(prepared, tmp_path_factory.mktemp("undisturbed"))
    work_off(data_dir)
    reached = end(data_dir)
    assert [run[0] for run in reached.runs] == ["succeeded"]
    assert [kind for _, kind, _ in reached.models] == ["default", "ranker"]
    assert reached.told == (("candidate.trained.v1", 1), ("training.ended.v1", 1))
    return reached


@pytest.mark.timeout(400)
def test_kills_at_every_step_of_a_run_change_nothing(
    prepared: Path, undisturbed: End, tmp_path: Path
) -> None:
    data_dir = copy(prepared, tmp_path)
    for step in STEPS:
        work_off(data_dir, step, "1")
    work_off(data_dir)
    assert end(data_dir) == undisturbed
