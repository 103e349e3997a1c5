"""kill -9 at every named step of a change of the embedding model: the end is as if nothing had happened."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from src.core.messages.documents import AddDocuments, UploadedFile
from src.core.messages.indexes import CheckIndexes, RebuildIndexes
from src.core.messages.questions import Search
from tests.support.application import House, make_settings, running
from tests.support.killing import copy, work_off

STEPS = ("some vectors stored", "new index filled", "switched")


@dataclass(frozen=True)
class End:
    """What must be the same however often the work was cut short."""

    states: dict[str, Counter[str]]
    hits: tuple[tuple[str, float | None], ...]
    sound: bool


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A collection in int8, and the order to change it to float32, which nobody has begun to carry out."""
    folder = tmp_path_factory.mktemp("versions") / "data"
    with running(make_settings(folder, embedding_precision="float32"), worker=False) as application:
        other = application.adapters.embedder.version
    notes = {f"note{n}.md": f"# Note {n}\n\nThe kettle number {n} is blue.\n" for n in range(12)}
    files = tuple(UploadedFile(name=name, content=text.encode()) for name, text in notes.items())
    with running(make_settings(folder), worker=False) as application:
        house = House(application)
        house.ask(AddDocuments(collection_id=house.collection(), files=files))
    work_off(folder)
    with running(make_settings(folder), worker=False) as application:
        House(application).ask(RebuildIndexes(embedding_version=other))
    return folder


def end(data_dir: Path) -> End:
    with running(make_settings(data_dir), worker=False) as application:
        house = House(application)
        results = house.ask(Search(query="a kettle"))
        assert results.notices == ()
        with application.database.read() as work:
            collection = work.collections.all()[0]
            indexes = work.indexes.of(collection.id)
        states: dict[str, Counter[str]] = {}
        for index in indexes:
            states.setdefault(index.embedding_version, Counter())[index.state] += 1
        hits = tuple(sorted((hit.document_id, hit.scores.dense) for hit in results.hits))
        return End(states, hits, house.ask(CheckIndexes()).sound)


@pytest.fixture(scope="module")
def undisturbed(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> End:
    data_dir = copy(prepared, tmp_path_factory.mktemp("undisturbed"))
    work_off(data_dir)
    reached = end(data_dir)
    assert reached.sound
    assert sorted(state for counts in reached.states.values() for state in counts) == ["live", "standby"]
    return reached


@pytest.mark.timeout(300)
@pytest.mark.parametrize("step", STEPS)
def test_a_kill_at_each_step_of_a_change_of_the_model_changes_nothing(
    step: str, prepared: Path, undisturbed: End, tmp_path: Path
) -> None:
    data_dir = copy(prepared, tmp_path)
    work_off(data_dir, step, "1")
    between = end(data_dir)
    assert len(between.hits) == len(undisturbed.hits)
    work_off(data_dir)
    assert end(data_dir) == undisturbed
