"""kill -9 at every named step of ingestion and at random moments: the end is as if nothing had happened."""

from __future__ import annotations

import random
import signal
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from src.core.clock import SystemClock
from src.core.messages.documents import AddDocuments, UploadedFile
from src.core.messages.indexes import CheckIndexes, RebuildIndexes
from src.core.messages.sources import AddSource
from src.database.models import DeadLetterRecord, DocumentRecord, EventRecord, PassageRecord
from src.database.uow import Database
from tests.support.application import House, make_settings, running
from tests.support.databases import migrated_postgres
from tests.support.killing import copy, start, work_off
from tests.support.postgres import Cluster

INGESTION_STEPS = (
    "parsing",
    "passages stored",
    "some vectors stored",
    "vectors stored",
    "indexes written",
    "documents indexed",
)
SOURCE_STEPS = ("source listed", "files queued", "deletions applied")
REBUILD_STEPS = ("new index made", "part of the index rebuilt", "new index filled", "switched")


@dataclass(frozen=True)
class End:
    """What must be the same however often the work was cut short."""

    documents: tuple[tuple[str, str, int], ...]
    passages: tuple[tuple[str, int, str], ...]
    told: tuple[tuple[str, int], ...]
    letters: int
    unsound: str


def write_source(folder: Path) -> None:
    folder.mkdir()
    for number in range(20):
        body = "\n\n".join(
            f"def step_{number}_{n}(value):\n    '''Do step {n} of part {number}.'''\n    return value + {n}"
            for n in range(6)
        )
        (folder / f"part{number:02}.py").write_text(body + "\n")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 this is no PDF")


def files() -> tuple[UploadedFile, ...]:
    notes = {f"note{n}.md": f"# Note {n}\n\nThe kettle number {n} is blue.\n" for n in range(24)}
    return tuple(
        UploadedFile(name=name, content=text.encode()) for name, text in {**notes, "empty.txt": ""}.items()
    )


def prepare(data_dir: Path, **elsewhere: str) -> None:
    """Acknowledge an upload and a source, with no worker running."""
    settings = make_settings(data_dir, folder_roots=(data_dir.parents[1],), **elsewhere)
    with running(settings, worker=False) as application:
        house = House(application)
        collection_id = house.collection()
        house.ask(AddDocuments(collection_id=collection_id, files=files()))
        house.ask(
            AddSource(collection_id=collection_id, kind="folder", location=str(data_dir.parent / "source"))
        )


def end(data_dir: Path, **elsewhere: str) -> End:
    settings = make_settings(data_dir, **elsewhere)
    database = Database(settings.database, SystemClock())
    with database.read() as work:
        documents = work.session.scalars(select(DocumentRecord)).all()
        names = {document.id: document.external_id for document in documents}
        passages = work.session.scalars(select(PassageRecord)).all()
        told = Counter(
            record.topic
            for record in work.session.scalars(select(EventRecord))
            if record.topic.startswith(("document.", "source."))
        )
        letters = len(work.session.scalars(select(DeadLetterRecord)).all())
    database.close()
    assert all(passage.live for passage in passages)
    with running(settings, worker=False) as application:
        report = House(application).ask(CheckIndexes())
    return End(
        documents=tuple(sorted((d.external_id, d.state, d.passage_count) for d in documents)),
        passages=tuple(sorted((names[p.document_id], p.ordinal, p.text) for p in passages)),
        told=tuple(sorted(told.items())),
        letters=letters,
        unsound="" if report.sound else report.model_dump_json(),
    )


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose work was acknowledged and not begun."""
    folder = tmp_path_factory.mktemp("kills")
    write_source(folder / "source")
    prepare(folder / "data")
    return folder / "data"


@pytest.fixture(scope="module")
def undisturbed(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> End:
    data_dir = copy(prepared, tmp_path_factory.mktemp("undisturbed"))
    work_off(data_dir)
    reached = end(data_dir)
    assert reached.unsound == ""
    assert len(reached.documents) == 24 + 1 + 20 + 1
    return reached


@pytest.mark.timeout(300)
@pytest.mark.parametrize("step", INGESTION_STEPS + SOURCE_STEPS)
def test_a_kill_at_each_step_of_ingestion_changes_nothing(
    step: str, prepared: Path, undisturbed: End, tmp_path: Path
) -> None:
    data_dir = copy(prepared, tmp_path)
    work_off(data_dir, step, "1")
    work_off(data_dir)
    assert end(data_dir) == undisturbed


@pytest.mark.timeout(600)
def test_kills_at_random_moments_change_nothing(prepared: Path, undisturbed: End, tmp_path: Path) -> None:
    data_dir = copy(prepared, tmp_path)
    chance = random.Random(7)
    kills = 0
    for _ in range(12):
        worker = start(data_dir)
        worker.begun()
        if not worker.ended(chance.uniform(0.0, 1.2)):
            worker.kill()
            kills += 1
    assert kills >= 3
    work_off(data_dir)
    assert end(data_dir) == undisturbed


@pytest.mark.timeout(600)
def test_kills_change_nothing_where_the_database_is_a_server(
    undisturbed: End, postgres_cluster: Cluster, tmp_path: Path
) -> None:
    chance = random.Random(11)
    write_source(tmp_path / "source")
    data_dir = tmp_path / "data"
    with migrated_postgres(postgres_cluster) as url:
        prepare(data_dir, database_url=url)
        for step in ("passages stored", "indexes written", "files queued", ""):
            worker = start(data_dir, step, "1", url)
            worker.begun()
            if not worker.ended(30.0 if step else chance.uniform(0.2, 0.8)):
                worker.kill()
            assert not step or worker.process.exitcode == -signal.SIGKILL, worker.said.read_text()
        last = start(data_dir, "", "1", url)
        assert last.ended(150), last.said.read_text()
        assert end(data_dir, database_url=url) == undisturbed


@pytest.mark.timeout(300)
@pytest.mark.parametrize("step", REBUILD_STEPS)
def test_a_kill_at_each_step_of_a_rebuild_changes_nothing(
    step: str, prepared: Path, undisturbed: End, tmp_path: Path
) -> None:
    data_dir = copy(prepared, tmp_path)
    work_off(data_dir)
    with running(make_settings(data_dir), worker=False) as application:
        House(application).ask(RebuildIndexes())
    work_off(data_dir, step, "1")
    work_off(data_dir)
    assert end(data_dir) == undisturbed
