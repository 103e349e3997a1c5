"""The whole flow on PostgreSQL and a Chroma server, with the asking and the working in two applications."""

from __future__ import annotations

from pathlib import Path

import pytest

from src.core.errors import AppError
from src.core.jobs import JobState
from src.core.messages.collections import DeleteCollection, GetCollection
from src.core.messages.console import ListAgents
from src.core.messages.documents import (
    AddDocuments,
    DeleteDocument,
    DocumentState,
    GetDocument,
    ListDocuments,
    UploadedFile,
)
from src.core.messages.indexes import CheckIndexes, RebuildIndexes
from src.core.messages.jobs import GetJob
from src.core.messages.questions import AskQuestion, GetAnswer, Search
from tests.support.application import House, make_settings, running, wait_for
from tests.support.chroma import chroma
from tests.support.servers import free_port

FILES: dict[str, bytes | str] = {
    "bee.md": "# Bee\n\nThe bee dances to tell where the clover is.\n",
    "ant.md": "# Ant\n\nThe ant follows a trail of scent.\n",
    "hive.py": "def smoke_hive(hive):\n    '''Calm the bees.'''\n    hive.calm = True\n",
    "empty.txt": "",
}


def test_nothing_needs_the_asking_and_the_working_in_one_process(
    tmp_path: Path, postgres_database: str, chroma_server: str
) -> None:
    settings = make_settings(tmp_path / "data", database_url=postgres_database, chroma_url=chroma_server)
    with running(settings, worker=False) as face, running(settings, worker=True) as worker:
        house, other = House(face), House(worker)
        collection_id = house.collection("Insects")
        job = house.upload(collection_id, FILES)
        assert (job.state, job.done, job.total) == (JobState.SUCCEEDED, 4, 4)
        documents = {d.external_id: d for d in house.ask(ListDocuments(collection_id=collection_id)).items}
        assert {d.state for n, d in documents.items() if n != "empty.txt"} == {DocumentState.INDEXED}
        assert documents["empty.txt"].state is DocumentState.FAILED

        search = Search(query="where is the clover", collection_ids=(collection_id,))
        for asking in (house, other):
            hit = asking.ask(search).hits[0]
            assert hit.document_id == documents["bee.md"].id
            assert hit.scores.dense is not None
            assert hit.scores.lexical is not None
        answer = house.ask(AskQuestion(question="What tells the bee?", collection_ids=(collection_id,)))
        assert answer.citations
        assert other.ask(GetAnswer(answer_id=answer.answer_id)) == answer

        house.upload(collection_id, {"ant.md": "# Ant\n\nThe ant carries fifty times its weight.\n"})
        carried = Search(query="how much does it carry", collection_ids=(collection_id,))
        assert "fifty" in other.ask(carried).hits[0].text
        house.ask(DeleteDocument(document_id=documents["bee.md"].id))
        for asking in (house, other):
            assert documents["bee.md"].id not in {hit.document_id for hit in asking.ask(search).hits}
            with pytest.raises(AppError):
                asking.ask(GetDocument(document_id=documents["bee.md"].id))

        check = CheckIndexes(collection_id=collection_id)
        wait_for(lambda: house.ask(check).sound)
        before = house.ask(check).collections[0].index_id
        rebuilt = house.finished(house.ask(RebuildIndexes(collection_id=collection_id)).job_id)
        assert rebuilt.state is JobState.SUCCEEDED
        for asking in (house, other):
            report = asking.ask(check)
            assert report.sound
            assert report.collections[0].index_id != before
            assert asking.ask(carried).hits[0].scores.dense is not None
        wait_for(lambda: before not in face.adapters.vectors.indexes())

        house.ask(DeleteCollection(collection_id=collection_id))
        with pytest.raises(AppError):
            other.ask(GetCollection(collection_id=collection_id))
        stores = face.adapters.vectors, face.adapters.lexical
        index = report.collections[0].index_id
        wait_for(lambda: all(index not in store.indexes() for store in stores))


def test_a_collection_is_made_once_while_the_vector_store_is_away(tmp_path: Path) -> None:
    port = free_port()
    settings = make_settings(tmp_path / "data", chroma_url=f"http://127.0.0.1:{port}")
    with running(settings) as application:
        house = House(application)
        collection_id = house.collection("Insects")
        found = house.ask(Search(query="clover", collection_ids=(collection_id,)))
        assert found.hits == ()
        with chroma(tmp_path / "chroma", port=port):
            assert house.upload(collection_id, FILES).state is JobState.SUCCEEDED
            assert house.ask(CheckIndexes(collection_id=collection_id)).sound
            assert house.ask(Search(query="where is the clover")).hits[0].scores.dense is not None


def test_documents_that_come_while_the_vector_store_is_away_are_indexed_when_it_is_back(
    tmp_path: Path,
) -> None:
    port = free_port()
    settings = make_settings(tmp_path / "data", chroma_url=f"http://127.0.0.1:{port}")
    content = UploadedFile(name="bee.md", content=b"# Bee\n\nThe bee dances to tell where the clover is.\n")
    with running(settings) as application:
        house = House(application)
        collection_id = house.collection("Insects")
        job_id = house.ask(AddDocuments(collection_id=collection_id, files=(content,))).job_id
        wait_for(lambda: any(agent.last_error for agent in house.ask(ListAgents()).items))
        wait_for(lambda: house.ask(GetJob(job_id=job_id)).state is JobState.QUEUED)
        with chroma(tmp_path / "chroma", port=port):
            assert house.finished(job_id).state is JobState.SUCCEEDED
            assert house.ask(CheckIndexes(collection_id=collection_id)).sound
