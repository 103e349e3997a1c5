"""What tuning leaves behind is bounded: folders of ended runs, old indexes, and models nothing returns to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from src.agents.fine_tuner import FineTunerAgent
from src.agents.indexing import IndexingAgent
from src.agents.indexing.keeping import Keeping, forgettable
from src.core.clock import new_id
from src.core.messages.jobs import CancelJob
from src.core.messages.training import TrainJob
from src.database.models import EmbeddingRecord, IndexRecord, TrainingRunRecord
from src.services import registry
from tests.support.application import House, make_settings, running, wait_for
from tests.support.laboratory import Laboratory


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with running(make_settings(tmp_path / "data", learning=False)) as application:
        yield House(application)


def begun(house: House, collection_id: str, *, finished: bool) -> Path:
    """The folder of a run."""
    application = house.application
    with application.database.begin() as work:
        record = work.training_runs.add(
            TrainingRunRecord(
                id=new_id(),
                collection_id=collection_id,
                trainer="full",
                state="running",
                configuration={},
                seed=0,
                environment={},
                curves={},
                figures={},
                created_at=work.now(),
            )
        )
        work.commit()
    folder = application.settings.data_dir / "training" / record.id
    folder.mkdir(parents=True)
    (folder / "checkpoint.pt").write_bytes(b"much")
    if finished:
        # The agent's own sweep may come at any moment from now on.
        with application.database.begin() as work:
            record = work.training_runs.get(record.id)
            record.state, record.finished_at = "failed", work.now()
            work.commit()
    return folder


def test_the_folders_of_ended_runs_go_at_the_start_and_at_the_end_of_another_one(house: House) -> None:
    collection_id = house.collection()
    agent = next(a for a in house.application.orchestrator.agents if isinstance(a, FineTunerAgent))
    ended, open_ = (begun(house, collection_id, finished=finished) for finished in (True, False))
    nobodys = ended.parent / "nobodys"
    nobodys.mkdir()
    agent.sweep(house.context())
    assert (ended.exists(), nobodys.exists(), open_.exists()) == (False, False, True)
    stray = begun(house, collection_id, finished=True)
    with house.application.database.begin() as work:
        job = work.enqueue(TrainJob(collection_id=collection_id), collection_id=collection_id)
        work.commit()
    house.finished(job.id)
    assert (stray.exists(), open_.exists()) == (False, True)


def test_the_folder_of_a_cancelled_run_goes(house: House) -> None:
    collection_id = house.collection()
    with house.application.database.begin() as work:
        job = work.enqueue(TrainJob(collection_id=collection_id), collection_id=collection_id)
        job.available_at = work.now() + timedelta(hours=1)
        work.commit()
    folder = begun(house, collection_id, finished=False)
    with house.application.database.begin() as work:
        work.training_runs.get(folder.name).job_id = job.id
        work.commit()
    house.ask(CancelJob(job_id=job.id))
    wait_for(lambda: not folder.exists())
    with house.application.database.read() as work:
        assert work.training_runs.get(folder.name).state == "failed"


def standby(laboratory: Laboratory, version: str, *, days: float) -> str:
    """The id of an index that was switched from so many days ago."""
    with laboratory.database.begin() as work:
        at = work.now() - timedelta(days=days)
        record = work.indexes.add(
            IndexRecord(
                id=new_id(),
                collection_id=laboratory.collection_id,
                embedding_version=version,
                lexical_version="words",
                dimensions=4,
                state="standby",
                created_at=at,
                switched_at=at,
            )
        )
        work.commit()
        return record.id


def tuned(laboratory: Laboratory, version: str, state: str | None) -> None:
    """A tuned embedding model of yesterday, with a model that names it."""
    with laboratory.database.begin() as work:
        work.embeddings.note(
            version=version,
            model="tuned",
            precision="int8",
            artefact=version.encode().hex().ljust(64, "0"),
            collection_id=laboratory.collection_id,
            created_at=work.now() - timedelta(days=1),
        )
        if state is not None:
            registry.register(
                work,
                laboratory.collection_id,
                kind="embedding",
                state=state,
                embedding_version=version,
                card={},
                by="agent:fine_tuner",
                reason="Tuned.",
            )
        work.commit()


def outlived(laboratory: Laboratory, keeping: Keeping) -> set[str]:
    with laboratory.database.read() as work:
        return {index.embedding_version for index in keeping.outlived(work, laboratory.database.clock.now())}


def test_so_many_old_indexes_are_kept_and_not_for_ever(laboratory: Laboratory) -> None:
    for number in range(4):
        standby(laboratory, f"v{number}", days=number)
    assert outlived(laboratory, Keeping(10 * 86_400.0, 2)) == {"v2", "v3"}
    assert outlived(laboratory, Keeping(0.5 * 86_400.0, 9)) == {"v1", "v2", "v3"}
    tuned(laboratory, "v3", "candidate")
    assert outlived(laboratory, Keeping(0.0, 0)) == {"v0", "v1", "v2"}


def test_the_index_of_a_rejected_model_is_not_kept(laboratory: Laboratory) -> None:
    for version, state in (("rejected", "rejected"), ("retired", "retired")):
        tuned(laboratory, version, state)
        standby(laboratory, version, days=0)
    assert outlived(laboratory, Keeping(86_400.0, 9)) == {"rejected"}


def test_a_tuned_model_is_forgotten_when_nothing_can_return_to_it(laboratory: Laboratory) -> None:
    for version, state in (
        ("failed", None),
        ("rejected", "rejected"),
        ("retired", "retired"),
        ("kept", None),
    ):
        tuned(laboratory, version, state)
    standby(laboratory, "kept", days=0)
    with laboratory.database.read() as work:
        found = forgettable(work, laboratory.database.clock.now())
        assert [record.version for record in found] == ["failed", "rejected"]
        assert forgettable(work, laboratory.database.clock.now() - timedelta(days=1)) == []


def test_the_sweep_removes_its_folders_and_its_record(house: House) -> None:
    application = house.application
    models = application.settings.data_dir / "models"
    version, artefact = f"gone-{new_id()}", new_id().ljust(64, "0")[:64]
    folders = (models / version, models / "trained" / artefact)
    for folder in folders:
        folder.mkdir(parents=True)
    with application.database.begin() as work:
        work.embeddings.note(
            version=version,
            model="tuned",
            precision="int8",
            artefact=artefact,
            collection_id=None,
            created_at=work.now() - timedelta(days=1),
        )
        work.commit()
    agent = next(a for a in application.orchestrator.agents if isinstance(a, IndexingAgent))
    agent.sweep(house.context())
    assert not any(folder.exists() for folder in folders)
    with application.database.read() as work:
        assert work.session.get(EmbeddingRecord, version) is None
