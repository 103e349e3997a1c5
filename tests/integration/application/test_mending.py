"""The indexes against SQL: what differs is found, and mended at the next start."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from src.bootstrap import Application
from src.core.jobs import JobState
from src.core.messages.console import ListAgents
from src.core.messages.documents import (
    AddDocuments,
    DeleteDocument,
    DocumentState,
    ListDocuments,
    PassagesRemoved,
    UploadedFile,
)
from src.core.messages.indexes import CheckIndexes, CheckReport, IndexReport, RebuildIndexes, RepairIndexesJob
from src.core.messages.jobs import ListJobs
from src.core.messages.questions import Search
from src.core.passages import CONFIGURED
from src.core.ports import LexicalEntry
from src.database.models import DocumentRecord, IndexRecord
from tests.support.application import House, make_settings, wait_for
from tests.support.embedders import Watched, watched

FILES: dict[str, bytes | str] = {
    "moon.md": "# Moon\n\nThe moon pulls the tide.\n\n# Sun\n\nThe sun warms the sand.\n",
    "sea.md": "# Sea\n\nThe sea is salt.\n",
}


class Shore(House):
    """A house with one collection of three passages, and its watched embedder."""

    def __init__(self, application: Application, embedder: Watched) -> None:
        super().__init__(application)
        self.embedder = embedder
        self.collection_id = self.collection("Shore")
        self.upload(self.collection_id, FILES)

    @property
    def index(self) -> str:
        with self.application.database.read() as work:
            record = work.indexes.live(self.collection_id)
            assert record is not None
            return record.id

    def records(self) -> list[IndexRecord]:
        with self.application.database.read() as work:
            return list(work.indexes.of(self.collection_id))

    def passages(self) -> list[str]:
        with self.application.database.read() as work:
            return sorted(work.passages.live_ids(self.collection_id, CONFIGURED))

    def check(self) -> CheckReport:
        return self.ask(CheckIndexes())

    def mend(self) -> None:
        """What a start does: queue the repair; here it is also waited for."""
        self.application.prepare()
        job = next(job for job in self.ask(ListJobs()).items if job.kind == RepairIndexesJob.kind)
        ended = self.finished(job.id)
        assert (ended.state, ended.done) == (JobState.SUCCEEDED, ended.total)


@pytest.fixture(scope="module")
def shore(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shore]:
    with watched(make_settings(tmp_path_factory.mktemp("shore") / "data")) as (application, embedder):
        yield Shore(application, embedder)


def only(report: CheckReport) -> IndexReport:
    (collection,) = report.collections
    return collection


def test_sound_indexes_are_called_sound(shore: Shore) -> None:
    report = shore.check()
    assert report.sound
    assert (only(report).passages, only(report).outdated) == (3, False)
    assert (report.orphans, report.missing_blobs) == ((), ())


def test_a_missing_vector_and_a_missing_entry_are_found_and_mended(shore: Shore) -> None:
    first, second, _ = shore.passages()
    shore.application.adapters.vectors.delete(shore.index, [first])
    shore.application.adapters.lexical.delete(shore.index, [first, second])
    found = only(shore.check())
    assert (found.sound, found.missing_vectors, found.missing_entries) == (False, 1, 2)
    shore.embedder.texts.clear()
    shore.mend()
    assert shore.check().sound
    assert shore.embedder.texts == []


def test_stray_vectors_and_entries_are_found_and_removed(shore: Shore) -> None:
    adapters = shore.application.adapters
    vector = np.zeros((1, adapters.embedder.dimensions), dtype=np.float32)
    vector[0, 0] = 1.0
    adapters.vectors.upsert(shore.index, ["stray"], vector)
    adapters.lexical.upsert(shore.index, [LexicalEntry("stray", "Stray", "The tide of nobody.")])
    found = only(shore.check())
    assert (found.sound, found.stray_vectors, found.stray_entries) == (False, 1, 1)
    hits = shore.ask(Search(query="the tide of nobody")).hits
    assert "stray" not in {hit.passage_id for hit in hits}
    shore.mend()
    assert shore.check().sound


def test_an_index_dropped_from_its_store_is_found_and_made_again(shore: Shore) -> None:
    shore.application.adapters.vectors.drop(shore.index)
    found = only(shore.check())
    assert (found.sound, found.missing_vectors) == (False, 3)
    results = shore.ask(Search(query="moon tide"))
    assert results.hits[0].text.endswith("The moon pulls the tide.")
    assert any("missing" in notice for notice in results.notices)
    shore.mend()
    assert shore.check().sound
    assert shore.ask(Search(query="moon tide")).notices == ()


def test_an_index_that_nobody_owns_is_found_and_dropped(shore: Shore) -> None:
    shore.application.adapters.vectors.create("nobodys", 384)
    shore.application.adapters.lexical.create("noones")
    report = shore.check()
    assert not report.sound
    assert report.orphans == ("nobodys", "noones")
    assert shore.ask(CheckIndexes(collection_id=shore.collection_id)).sound
    shore.mend()
    assert shore.check().orphans == ()


def test_a_lost_original_is_found(shore: Shore) -> None:
    document = next(d for d in shore.ask(ListDocuments(collection_id=shore.collection_id)).items)
    blobs = shore.application.adapters.blobs
    with shore.application.database.read() as work:
        digest = work.documents.get(document.id).content_hash
    content = blobs.get(digest)
    blobs.delete(digest)
    report = shore.check()
    assert (report.sound, report.missing_blobs) == (False, (digest,))
    blobs.put(content)
    assert shore.check().sound


def test_a_rebuild_switches_and_drops_the_retired_index(shore: Shore) -> None:
    before = shore.index
    shore.embedder.texts.clear()
    job = shore.finished(shore.ask(RebuildIndexes(collection_id=shore.collection_id)).job_id)
    assert (job.state, job.done, job.total) == (JobState.SUCCEEDED, 3, 3)
    assert shore.index != before
    wait_for(lambda: len(shore.records()) == 1)
    wait_for(lambda: before not in shore.application.adapters.vectors.indexes())
    assert before not in shore.application.adapters.lexical.indexes()
    assert shore.embedder.texts == []
    assert shore.check().sound
    assert shore.ask(Search(query="moon tide")).hits


def test_a_rebuild_beside_an_ingestion_loses_nothing(shore: Shore) -> None:
    embedder = shore.embedder
    embedder.waiting.clear()
    embedder.gate.clear()
    file = UploadedFile(name="gull.md", content=b"# Gull\n\nThe gull steals the sandwich.\n")
    added = shore.ask(AddDocuments(collection_id=shore.collection_id, files=(file,)))
    try:
        assert embedder.waiting.wait(20.0)
        shore.finished(shore.ask(RebuildIndexes(collection_id=shore.collection_id)).job_id)
        wait_for(lambda: len(shore.records()) == 1)
    finally:
        embedder.gate.set()
    assert shore.finished(added.job_id).state is JobState.SUCCEEDED
    assert shore.check().sound
    hits = shore.ask(Search(query="who steals the sandwich")).hits
    assert hits[0].document_id == added.items[0].document_id
    shore.ask(DeleteDocument(document_id=added.items[0].document_id))
    wait_for(lambda: shore.check().sound)


def mark(shore: Shore, state: DocumentState, *, live: bool) -> DocumentRecord:
    """Put the document of the one passage into a state."""
    (listed,) = shore.ask(ListDocuments(collection_id=shore.collection_id, text="sea")).items
    with shore.application.database.begin() as work:
        record = work.documents.get(listed.id)
        record.state = state
        (passage,) = work.passages.of_version(record.id, record.version or "")
        passage.live = live
        work.commit()
        return record


def test_a_repair_leaves_alone_what_an_ingestion_is_about_to_finish(shore: Shore) -> None:
    # As it is between the writing of the indexes and the end of the document.
    mark(shore, DocumentState.EMBEDDING, live=False)
    shore.mend()
    mark(shore, DocumentState.INDEXED, live=True)
    assert shore.check().sound


def test_passages_that_come_back_stay_although_their_removal_is_told_of_late(shore: Shore) -> None:
    record = mark(shore, DocumentState.EMBEDDING, live=False)
    with shore.application.database.begin() as work:
        removed = tuple(work.passages.ids([record.id]))
        work.publish(
            PassagesRemoved(collection_id=shore.collection_id, document_id=record.id, passage_ids=removed)
        )
        work.commit()
    wait_for(lambda: all(agent.backlog == 0 for agent in shore.ask(ListAgents()).items))
    mark(shore, DocumentState.INDEXED, live=True)
    assert shore.check().sound
