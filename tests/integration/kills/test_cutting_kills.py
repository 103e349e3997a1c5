"""kill -9 at every step of cutting a collection otherwise, and of adding to one that is cut in two ways."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import func, select

from src.core.messages.documents import AddDocuments, UploadedFile
from src.core.messages.indexes import CheckIndexes, RebuildIndexesJob, ReturnIndex
from src.core.messages.questions import Search
from src.database.models import CutRecord, PassageRecord
from tests.support.application import House, make_settings, running
from tests.support.killing import copy, work_off

SMALL = "96-tokens"
BUILDING = ("passages of another cutting stored", "documents cut", "new index filled", "switched")
ADDING = ("passages of another cutting stored", "indexes written", "documents indexed")


@dataclass(frozen=True)
class End:
    """What must be the same however often the work was cut short; ``shown`` is what the live index finds, and
    the one that stands by after it."""

    states: Counter[tuple[str, str]]
    passages: dict[tuple[str, bool], int]
    cuts: Counter[tuple[str, int]]
    shown: tuple[tuple[tuple[str, float | None], ...], ...]
    sound: bool


def files(first: int, last: int) -> tuple[UploadedFile, ...]:
    notes = {}
    for n in range(first, last):
        said = " ".join(f"The kettle number {n} boils {m} cups." for m in range(40))
        notes[f"note{n}.md"] = f"# Note {n}\n\n{said}"
    return tuple(UploadedFile(name=name, content=text.encode()) for name, text in notes.items())


def build(data_dir: Path, *, switch: bool) -> None:
    with (
        running(make_settings(data_dir), worker=False) as application,
        application.database.begin() as work,
    ):
        (collection,) = work.collections.all()
        work.enqueue(
            RebuildIndexesJob(collection_id=collection.id, cutting=SMALL, switch=switch),
            collection_id=collection.id,
        )
        work.commit()


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cuttings") / "data"
    with running(make_settings(folder), worker=False) as application:
        house = House(application)
        house.ask(AddDocuments(collection_id=house.collection(), files=files(0, 20)))
    work_off(folder)
    return folder


@pytest.fixture(scope="module")
def ordered(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The order to cut otherwise and to search that, which nobody has begun to carry out."""
    folder = copy(filled, tmp_path_factory.mktemp("ordered"))
    build(folder, switch=True)
    return folder


@pytest.fixture(scope="module")
def adding(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A collection that is cut in two ways, and documents that are to come into both."""
    folder = copy(filled, tmp_path_factory.mktemp("adding"))
    build(folder, switch=False)
    work_off(folder)
    with running(make_settings(folder), worker=False) as application:
        house = House(application)
        with application.database.read() as work:
            (collection,) = work.collections.all()
        house.ask(AddDocuments(collection_id=collection.id, files=files(18, 24)))
    return folder


def end(data_dir: Path) -> End:
    with running(make_settings(data_dir), worker=False) as application:
        house = House(application)
        with application.database.read() as work:
            (collection,) = work.collections.all()
            states = Counter((index.cutting, index.state) for index in work.indexes.of(collection.id))
            count = select(PassageRecord.cutting, PassageRecord.live, func.count())
            rows = work.session.execute(count.group_by(PassageRecord.cutting, PassageRecord.live))
            passages = {(cutting, live): number for cutting, live, number in rows if live}
            cuts = Counter((cut.cutting, cut.passages) for cut in work.session.scalars(select(CutRecord)))
        found = [look(house)]
        if "standby" in {state for _, state in states}:
            house.ask(ReturnIndex(collection_id=collection.id))
            found.append(look(house))
        return End(states, passages, cuts, tuple(shown for shown, _ in found), all(s for _, s in found))


def look(house: House) -> tuple[tuple[tuple[str, float | None], ...], bool]:
    """What a search shows, and whether the live index is sound."""
    results = house.ask(Search(query="a kettle", k=100))
    assert results.notices == ()
    hits = tuple(sorted((hit.text, hit.scores.dense) for hit in results.hits))
    return hits, house.ask(CheckIndexes()).sound


def undisturbed(prepared: Path, folder: Path) -> End:
    data_dir = copy(prepared, folder)
    work_off(data_dir)
    reached = end(copy(data_dir, folder / "looked at"))
    assert reached.sound
    assert len(reached.states) == 2
    return reached


@pytest.fixture(scope="module")
def built(ordered: Path, tmp_path_factory: pytest.TempPathFactory) -> End:
    return undisturbed(ordered, tmp_path_factory.mktemp("built"))


@pytest.fixture(scope="module")
def added(adding: Path, tmp_path_factory: pytest.TempPathFactory) -> End:
    return undisturbed(adding, tmp_path_factory.mktemp("added"))


@pytest.mark.timeout(300)
@pytest.mark.parametrize("step", BUILDING)
def test_a_kill_at_each_step_of_cutting_otherwise_changes_nothing(
    step: str, ordered: Path, built: End, tmp_path: Path
) -> None:
    data_dir = copy(ordered, tmp_path)
    work_off(data_dir, step, "1")
    work_off(data_dir)
    assert end(data_dir) == built


@pytest.mark.timeout(300)
@pytest.mark.parametrize("step", ADDING)
def test_a_kill_while_documents_come_into_both_changes_nothing(
    step: str, adding: Path, added: End, tmp_path: Path
) -> None:
    data_dir = copy(adding, tmp_path)
    work_off(data_dir, step, "1")
    work_off(data_dir)
    assert end(data_dir) == added
