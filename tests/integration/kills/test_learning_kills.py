"""kill -9 at the gate and while a trial is decided: the end is as if nothing had happened."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from src.core.clock import SystemClock
from src.core.messages.answering import PassageCount
from src.core.messages.experiments import GateJob, Method, StartExperiment
from src.core.messages.feedback import RatingsHeld
from src.core.messages.golden import AddGoldenSet, GoldenJudgment, GoldenQuestion
from src.core.messages.questions import Search
from src.database.models import (
    DeadLetterRecord,
    EvaluationRecord,
    EventRecord,
    ExperimentRecord,
    ExperimentVoteRecord,
    ModelChangeRecord,
    ModelRecord,
)
from src.database.uow import Database
from tests.support.application import House, make_settings, running
from tests.support.deciding import POINTS
from tests.support.laboratory import Laboratory
from tests.support.polling import Poll
from tests.support.rankers import add_candidate, by_cosine

ROOT = Path(__file__).resolve().parents[3]
GATE_STEPS = ("golden set measured", "votes replayed", "gate decided")


@dataclass(frozen=True)
class End:
    """What must be the same however often the work was cut short."""

    models: tuple[tuple[int, str], ...]
    changes: tuple[tuple[str | None, str, str], ...]
    evaluations: tuple[tuple[str, int, bool | None], ...]
    experiments: tuple[tuple[str, str, str | None, int], ...]
    votes: int
    told: tuple[tuple[str, int], ...]
    letters: int


def end(data_dir: Path) -> End:
    database = Database(make_settings(data_dir).database, SystemClock())
    with database.read() as work:
        session = work.session
        models = session.scalars(select(ModelRecord)).all()
        changes = session.scalars(select(ModelChangeRecord)).all()
        evaluations = session.scalars(select(EvaluationRecord)).all()
        experiments = session.scalars(select(ExperimentRecord)).all()
        topics = Counter(record.topic for record in session.scalars(select(EventRecord)))
        reached = End(
            models=tuple(sorted((one.version, one.state) for one in models)),
            changes=tuple(sorted((c.before or "", c.after, c.reason) for c in changes)),
            evaluations=tuple(sorted(((e.name, e.questions, e.passed) for e in evaluations), key=str)),
            experiments=tuple(
                sorted(((e.purpose, e.state, e.decision, len(e.looks)) for e in experiments), key=str)
            ),
            votes=len(session.scalars(select(ExperimentVoteRecord)).all()),
            told=tuple(
                sorted(
                    (topic, count)
                    for topic, count in topics.items()
                    if topic.startswith(("model.", "experiment.", "candidate."))
                )
            ),
            letters=len(session.scalars(select(DeadLetterRecord)).all()),
        )
    database.close()
    return reached


def work_off(module: str, data_dir: Path, *kill: str) -> None:
    """Let a process do what waits; with ``kill`` it must die of that."""
    outcome = subprocess.run(
        [sys.executable, "-m", f"tests.support.{module}", str(data_dir), *kill],
        cwd=ROOT,
        capture_output=True,
        timeout=150,
        check=False,
    )
    assert outcome.returncode == (-signal.SIGKILL if kill else 0), outcome.stderr


def copy(prepared: Path, to: Path) -> Path:
    shutil.copytree(prepared, to / "data", symlinks=True)
    return to / "data"


def first(house: House, model: ModelRecord, question: str) -> str:
    """What the model shows first."""
    search = Search(query=question, collection_ids=(model.collection_id,), model_id=model.id)
    return house.ask(search).hits[0].external_id


@pytest.fixture(scope="module")
def at_the_gate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a candidate waits for the gate, with two golden sets."""
    data_dir = tmp_path_factory.mktemp("gate") / "data"
    with running(make_settings(data_dir)) as application:
        house = House(application)
        collection_id = house.collection()
        house.upload(collection_id, {f"n{n}.md": f"# Note {n}\n\nKettle {n} is blue.\n" for n in range(6)})
    with running(make_settings(data_dir), worker=False) as application:
        house = House(application)
        candidate = add_candidate(application, collection_id, by_cosine(-5.0))
        for name in ("desk", "shop"):
            asked = [f"Which kettle is {name} {n}?" for n in range(6)]
            questions = tuple(
                GoldenQuestion(
                    question=text, judgments=(GoldenJudgment(external_id=first(house, candidate, text)),)
                )
                for text in asked
            )
            house.ask(AddGoldenSet(collection_id=collection_id, name=name, questions=questions))
        with application.database.begin() as work:
            work.enqueue(GateJob(model_id=candidate.id), collection_id=collection_id)
            work.commit()
    return data_dir


@pytest.fixture(scope="module")
def gated(at_the_gate: Path, tmp_path_factory: pytest.TempPathFactory) -> End:
    data_dir = copy(at_the_gate, tmp_path_factory.mktemp("gated"))
    work_off("victim", data_dir)
    reached = end(data_dir)
    assert len(reached.evaluations) == 4
    assert reached.models == ((1, "live"), (2, "trial"))
    assert reached.letters == 0
    return reached


@pytest.mark.timeout(300)
@pytest.mark.parametrize("step", GATE_STEPS)
def test_a_kill_at_each_step_of_the_gate_changes_nothing(
    step: str, at_the_gate: Path, gated: End, tmp_path: Path
) -> None:
    data_dir = copy(at_the_gate, tmp_path)
    work_off("victim", data_dir, step, "1")
    work_off("victim", data_dir)
    assert end(data_dir) == gated


@pytest.fixture(scope="module")
def before_the_decision(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a trial that the next vote, already told on the bus, will decide."""
    data_dir = tmp_path_factory.mktemp("trial") / "data"
    with running(make_settings(data_dir), worker=False) as application:
        laboratory = Laboratory(application.database)
        laboratory.trial()
        laboratory.poll(99, better=0.75)
        given = laboratory.rating((4, 1), reader=laboratory.readers[0], question="The last one")
        with application.database.begin() as work:
            work.publish(given)
            work.commit()
    return data_dir


@pytest.fixture(scope="module")
def before_the_verdict(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a comparison of answers that the next rating, already told on the bus, will decide."""
    data_dir = tmp_path_factory.mktemp("split") / "data"
    with running(make_settings(data_dir), worker=False) as application:
        laboratory = Laboratory(application.database)
        request = StartExperiment(
            collection_id=laboratory.collection_id, method=Method.AB, variant=(PassageCount(k=3),)
        )
        experiment = laboratory.ask(request)
        poll = Poll(laboratory, count=20)
        poll.hold(99, better=0.9, worse=0.3, chunk=99)
        reader = next(one for one in poll.readers[10:])
        with application.database.begin() as work:
            answer_id = poll.answered(work, experiment, reader, "The last one")
            work.session.flush()
            rating_id = poll.say(work, answer_id, reader, "The last one", "up")
            held = RatingsHeld(
                collection_id=laboratory.collection_id, rating_ids=(rating_id,), reasons=("looked at",)
            )
            work.publish(held)
            work.commit()
    return data_dir


@pytest.fixture(scope="module")
def judged(before_the_verdict: Path, tmp_path_factory: pytest.TempPathFactory) -> End:
    data_dir = copy(before_the_verdict, tmp_path_factory.mktemp("judged"))
    work_off("deciding", data_dir)
    reached = end(data_dir)
    assert reached.models == ((1, "retired"), (2, "live"))
    assert [one[:3] for one in reached.experiments] == [
        ("trial", "ended", "promote"),
        ("watch", "running", None),
    ]
    return reached


@pytest.mark.timeout(300)
@pytest.mark.parametrize("point", POINTS)
def test_a_kill_while_answers_are_judged_changes_nothing(
    point: str, before_the_verdict: Path, judged: End, tmp_path: Path
) -> None:
    data_dir = copy(before_the_verdict, tmp_path)
    work_off("deciding", data_dir, point)
    work_off("deciding", data_dir)
    assert end(data_dir) == judged


@pytest.fixture(scope="module")
def decided(before_the_decision: Path, tmp_path_factory: pytest.TempPathFactory) -> End:
    data_dir = copy(before_the_decision, tmp_path_factory.mktemp("decided"))
    work_off("deciding", data_dir)
    reached = end(data_dir)
    assert reached.models == ((1, "retired"), (2, "live"))
    assert [one[:3] for one in reached.experiments] == [
        ("trial", "ended", "promote"),
        ("watch", "running", None),
    ]
    assert reached.votes == 100
    return reached


@pytest.mark.timeout(300)
@pytest.mark.parametrize("point", POINTS)
def test_a_kill_between_deciding_and_promoting_changes_nothing(
    point: str, before_the_decision: Path, decided: End, tmp_path: Path
) -> None:
    data_dir = copy(before_the_decision, tmp_path)
    work_off("deciding", data_dir, point)
    work_off("deciding", data_dir)
    assert end(data_dir) == decided
