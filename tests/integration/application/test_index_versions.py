"""An index is a version: searched with its own embedding model, replaced beside itself, and returned to."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from src.agents.indexing import IndexingAgent
from src.core.errors import ConflictError, UnavailableError
from src.core.jobs import JobState
from src.core.messages.documents import AddDocuments, UploadedFile
from src.core.messages.indexes import (
    CheckIndexes,
    IndexVersions,
    ListIndexVersions,
    RebuildIndexes,
    RepairIndexesJob,
    ReturnIndex,
)
from src.core.messages.jobs import ListJobs
from src.core.messages.questions import Search, SearchResults
from src.core.settings import Settings
from tests.support.application import House, make_settings, running, wait_for

FILES: dict[str, bytes | str] = {
    f"note{n}.md": f"# {title}\n\n{text}\n"
    for n, (title, text) in enumerate(
        [
            ("Moon", "The moon pulls the tide."),
            ("Sun", "The sun warms the sand."),
            ("Sea", "The sea is salt."),
            ("Gull", "The gull steals the sandwich."),
            ("Pier", "The pier was rebuilt after the storm."),
        ]
    )
}
QUESTION = "what moves the water at the shore"


class Coast(House):
    """A house with one collection."""

    collection_id: str

    def filled(self) -> Coast:
        self.collection_id = self.collection("Coast")
        assert self.upload(self.collection_id, FILES).state is JobState.SUCCEEDED
        return self

    def found(self) -> Coast:
        with self.application.database.read() as work:
            self.collection_id = work.collections.all()[0].id
        return self

    def search(self) -> SearchResults:
        return self.ask(Search(query=QUESTION))

    def versions(self) -> IndexVersions:
        return self.ask(ListIndexVersions(collection_id=self.collection_id))

    def states(self) -> dict[str, str]:
        """The state of the index of each embedding version."""
        return {index.embedding_version: index.state for index in self.versions().indexes}

    def rebuilt(self, version: str) -> None:
        request = RebuildIndexes(collection_id=self.collection_id, embedding_version=version)
        job = self.finished(self.ask(request).job_id)
        assert (job.state, job.error) == (JobState.SUCCEEDED, None)

    @property
    def configured(self) -> str:
        return self.application.adapters.embedder.version

    def repaired(self) -> None:
        self.application.prepare()
        job = next(job for job in self.ask(ListJobs()).items if job.kind == RepairIndexesJob.kind)
        assert self.finished(job.id).state is JobState.SUCCEEDED

    @property
    def indexing(self) -> IndexingAgent:
        agents = self.application.orchestrator.agents
        return next(agent for agent in agents if isinstance(agent, IndexingAgent))


@contextmanager
def coast(folder: Path, **settings: object) -> Iterator[Coast]:
    with running(settings_of(folder, **settings)) as application:
        yield Coast(application)


def settings_of(folder: Path, **settings: object) -> Settings:
    return make_settings(folder / "data", index_build_share=1.0, **settings)


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """A folder that was indexed with int8 and is to be opened with float32."""
    with coast(tmp_path) as before:
        before.filled()
    return tmp_path


def dense(results: SearchResults) -> dict[str, float | None]:
    return {hit.document_id: hit.scores.dense for hit in results.hits}


def test_after_a_change_of_the_model_an_index_is_searched_with_the_model_it_was_made_with(
    changed: Path,
) -> None:
    with coast(changed) as same:
        before = same.found().search()
        old = same.configured
    with coast(changed, embedding_precision="float32") as house:
        house.found()
        assert house.configured != old
        assert house.ask(CheckIndexes()).collections[0].outdated
        during = house.search()
        assert during.notices == ()
        assert during.index_version == before.index_version
        assert dense(during) == dense(before)
        house.repaired()
        assert house.states() == {old: "standby", house.configured: "live"}
        after = house.search()
        assert after.notices == ()
        assert house.configured in after.index_version
        assert dense(after) != dense(before)
        assert house.ask(CheckIndexes()).sound


def test_the_way_back_is_taken_at_once_and_stays_taken(changed: Path) -> None:
    with coast(changed, embedding_precision="float32") as house:
        house.found().repaired()
        (old,) = house.states().keys() - {house.configured}
        file = UploadedFile(name="crab.md", content=b"# Crab\n\nThe crab walks sideways.\n")
        house.finished(house.ask(AddDocuments(collection_id=house.collection_id, files=(file,))).job_id)
        began = time.monotonic()
        house.ask(ReturnIndex(collection_id=house.collection_id))
        results = house.ask(Search(query="which animal walks sideways"))
        assert time.monotonic() - began < 1.0
        assert old in results.index_version
        assert "crab" in results.hits[0].text
        assert house.states() == {old: "live", house.configured: "standby"}
        house.repaired()
        assert house.states() == {old: "live", house.configured: "standby"}
        house.rebuilt("configured")
        assert house.states()[house.configured] == "live"
    with coast(changed) as house:
        house.found().repaired()
        assert house.states()[house.configured] == "live"


class Meanwhile:
    """A part of the application whose calls of one method come ``after`` something else has happened."""

    def __init__(self, part: Any, method: str, after: Callable[[], object]) -> None:
        self._part, self._method, self._after = part, method, after

    def __getattr__(self, name: str) -> Any:
        if name == self._method:
            self._after()
        return getattr(self._part, name)


def test_a_switch_does_not_wait_until_the_indexes_are_counted(
    changed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with coast(changed, embedding_precision="float32") as house:
        house.found().repaired()
        (old,) = house.states().keys() - {house.configured}
        live: list[str] = []

        def look() -> None:
            with house.application.database.read() as work:
                found = work.indexes.live(house.collection_id)
            live.append(found.embedding_version if found else "")

        listing = house.indexing._listing
        monkeypatch.setattr(listing, "_vectors", Meanwhile(listing._vectors, "count", look))
        house.ask(ReturnIndex(collection_id=house.collection_id))
        assert set(live) == {old}


def test_a_repair_leaves_an_index_alone_that_is_made_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with coast(tmp_path) as house:
        house.filled()
        writer = house.indexing._writer
        fresh: list[str] = []
        monkeypatch.setattr(
            house.indexing,
            "_writer",
            Meanwhile(writer, "indexes", lambda: fresh or fresh.append(house.collection("Fresh"))),
        )
        house.repaired()
        assert house.ask(CheckIndexes(collection_id=fresh[0])).sound


def test_an_index_of_a_model_that_is_gone_is_searched_by_words_and_built_anew(tmp_path: Path) -> None:
    with coast(tmp_path) as before:
        before.filled()
        old = before.configured
    with coast(tmp_path, embedding_precision="float32") as house:
        house.found()
        with house.application.database.begin() as work:
            work.embeddings.get(old).model = "/nowhere/at/all"
            work.commit()
        results = house.ask(Search(query="moon tide"))
        assert results.notices
        assert results.hits[0].scores.dense is None
        assert results.hits[0].scores.lexical
        with pytest.raises(UnavailableError, match="reindex"):
            house.ask(RebuildIndexes(embedding_version=old))
        house.repaired()
        results = house.ask(Search(query="moon tide"))
        assert (results.notices, results.hits[0].scores.dense is not None) == ((), True)


def test_a_kept_index_is_dropped_when_its_time_is_up(changed: Path) -> None:
    with coast(changed, embedding_precision="float32", index_keep_s=0.0) as house:
        house.found().repaired()
        house.indexing.expire(house.context())
        assert sorted(house.states().values()) == ["live", "retired"]
        with pytest.raises(ConflictError):
            house.ask(ReturnIndex(collection_id=house.collection_id))
        with house.application.database.begin() as work:
            (retired,) = work.indexes.in_state("retired")
            retired.switched_at = retired.created_at.replace(year=2020)
            work.commit()
        house.indexing.expire(house.context())
        assert list(house.states().values()) == ["live"]
        assert house.application.adapters.vectors.indexes() == {house.versions().indexes[0].id}


def test_no_search_fails_or_is_poorer_while_indexes_are_built_and_switched(tmp_path: Path) -> None:
    with coast(tmp_path, embedding_precision="float32") as first:
        first.filled()
        other = first.configured
    with coast(tmp_path) as house:
        house.found().repaired()
        seen: list[SearchResults] = []
        with searching(house.search, seen):
            for _ in range(3):
                house.rebuilt(other)
                house.ask(ReturnIndex(collection_id=house.collection_id))
                house.rebuilt(house.configured)
        assert len(seen) > 50
        assert {results.notices for results in seen} == {()}
        assert {len(results.hits) for results in seen} == {len(FILES)}
        assert all(hit.scores.dense is not None for results in seen for hit in results.hits)
        assert len({results.index_version for results in seen}) >= 3


@contextmanager
def searching(search: Callable[[], SearchResults], seen: list[SearchResults]) -> Iterator[None]:
    """Search without a pause beside what the block does; its failure is the test's."""
    stop = threading.Event()
    failed: list[Exception] = []

    def loop() -> None:
        while not stop.is_set():
            try:
                seen.append(search())
            except Exception as error:  # noqa: BLE001 - whatever it is, it must not be
                failed.append(error)
                return

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield
        wait_for(lambda: len(seen) > 50 or bool(failed), timeout_s=60)
    finally:
        stop.set()
        thread.join(20)
    assert failed == []
