"""kill -9 at the gate: the end is as if nothing had happened."""

from __future__ import annotations

from pathlib import Path

import pytest

from src.core.messages.experiments import GateJob
from src.core.messages.golden import AddGoldenSet, GoldenJudgment, GoldenQuestion
from src.core.messages.questions import Search
from src.database.models import ModelRecord
from tests.support.application import House, make_settings, running
from tests.support.comparisons import End, end
from tests.support.killing import copy, work_off
from tests.support.rankers import add_candidate, by_cosine

STEPS = ("golden set measured", "votes replayed", "gate decided")


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
    work_off(data_dir)
    reached = end(data_dir)
    assert len(reached.evaluations) == 4
    assert reached.models == ((1, "live"), (2, "trial"))
    assert reached.letters == 0
    return reached


@pytest.mark.timeout(300)
@pytest.mark.parametrize("step", STEPS)
def test_a_kill_at_each_step_of_the_gate_changes_nothing(
    step: str, at_the_gate: Path, gated: End, tmp_path: Path
) -> None:
    data_dir = copy(at_the_gate, tmp_path)
    work_off(data_dir, step, "1")
    work_off(data_dir)
    assert end(data_dir) == gated
