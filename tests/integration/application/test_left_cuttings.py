"""What is left of a cutting: by an index that is given up, by one that comes to be searched, by a document
that can be cut again."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import delete, func, select

from src.core.jobs import ClaimedJob, JobRun
from src.core.messages.documents import AddDocuments, RetryDocument, UploadedFile
from src.core.messages.indexes import ReturnIndex
from src.core.passages import CONFIGURED
from src.core.signals import Signal
from src.database.jobstore import SqlJobStore
from src.database.models import CutRecord
from src.services.indexing import Making
from tests.integration.application.test_cuttings import FILES, SMALL, Harbour, house
from tests.integration.application.test_index_versions import coast

__all__ = ["house"]


class Overtaken(JobRun):
    """A run meanwhile which another index of the collection comes to be searched."""

    def __init__(self, house: Harbour) -> None:
        job = ClaimedJob("j", "reindex", {}, 1, "t", "c", "admin", house.collection_id)
        super().__init__(job, house.context(), SqlJobStore(house.application.database, Signal()), bool)
        self.house, self.overtaken = house, False

    def progress(self, *, stage: str, done: int, total: int | None) -> None:
        """Nobody waits for it."""

    def reached(self, step: str) -> None:
        if step == "passages of another cutting stored":
            self.house.ask(ReturnIndex(collection_id=self.house.collection_id))
            self.overtaken = True


def test_an_index_that_nobody_builds_on_is_dropped(house: Harbour) -> None:
    with house.application.database.begin() as work:
        begun = house.indexing._writer.plan(
            work, house.collection_id, "building", Making(house.configured, SMALL)
        )
        work.commit()
    house.indexing.expire(house.context())
    assert house.chunkers()[SMALL] == "building", "it may be about to be built"
    with house.application.database.begin() as work:
        work.indexes.get(begun.id).created_at = begun.created_at.replace(year=2020)
        work.commit()
    house.indexing.expire(house.context())
    assert SMALL not in house.chunkers()


def test_a_cutting_that_is_wanted_again_while_it_is_removed_comes_back_whole(
    house: Harbour, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("src.agents.indexing.keeping._DOCUMENTS", 2)
    house.cut()
    whole = house.stored(SMALL)
    house.leave(SMALL)
    house.indexing.expire(house.context())
    assert 0 < house.stored(SMALL) < whole, "some of the documents lost what they had"
    house.cut()
    assert house.stored(SMALL) == whole
    assert house.whole()
    house.ask(ReturnIndex(collection_id=house.collection_id))
    assert {hit.external_id for hit in house.find().hits} == set(FILES)


def test_what_was_cut_and_never_noted_goes_with_the_index_that_was_begun(house: Harbour) -> None:
    house.cut()
    house.leave(SMALL)
    with house.application.database.begin() as work:
        work.session.execute(delete(CutRecord))
        work.commit()
    house.indexing.expire(house.context())
    assert house.stored(SMALL) == 0


def test_what_is_cut_too_late_changes_nothing_in_what_is_searched_by_then(house: Harbour) -> None:
    house.cut()
    with house.application.database.begin() as work:
        for row in work.session.scalars(select(CutRecord)):
            row.version = "0" * 64  # as an earlier release of the parser cut it
        work.commit()
    known = house.known()
    run = Overtaken(house)
    house.indexing._builder._cuts.catch_up(house.collection_id, SMALL, run)
    assert run.overtaken
    assert {each for each in house.known().values()} == {"0" * 64}
    with house.application.database.read() as work:
        assert work.cuts.held() == [(house.collection_id, CONFIGURED)]
    house.ask(ReturnIndex(collection_id=house.collection_id))
    assert house.known() == known


def test_a_cutting_that_no_index_has_any_more_is_removed(tmp_path: Path) -> None:
    with coast(tmp_path, learning=False, index_keep_s=0.0) as made:
        house = Harbour(made.application)
        house.collection_id = house.collection("Harbour")
        house.upload(house.collection_id, FILES)
        house.cut()
        assert house.stored(SMALL) > 0
        for _ in range(2):
            house.indexing.expire(house.context())
            with house.application.database.begin() as work:
                for index in work.indexes.in_state("retired"):
                    index.switched_at = index.created_at.replace(year=2020)
                work.commit()
        house.indexing.expire(house.context())
        assert house.stored(SMALL) == 0
        with house.application.database.read() as work:
            assert work.session.scalar(select(func.count()).select_from(CutRecord)) == 0
        assert house.find().hits
        assert list(house.chunkers().values()) == ["live"]
        house.cut()
        assert house.whole()
        file = UploadedFile(name="crab.md", content=b"# Crab\n\nThe crab walks sideways.\n")
        house.finished(house.ask(AddDocuments(collection_id=house.collection_id, files=(file,))).job_id)
        assert house.whole()


def test_a_document_that_can_be_cut_again_is_not_told_of_any_more(house: Harbour) -> None:
    _, content = house.lose("log2.md")
    house.cut()
    house.ask(ReturnIndex(collection_id=house.collection_id))
    assert [index.uncut for index in house.versions().indexes if index.state == "live"] == [1]
    house.leave(CONFIGURED)
    house.indexing.expire(house.context())
    house.application.adapters.blobs.put(content)
    house.upload(house.collection_id, {"log2.md": content + b"The end.\n"})
    assert house.failed() == {}
    assert [index.uncut for index in house.versions().indexes] == [0]


def test_a_document_is_tried_again_in_all_cuttings(house: Harbour) -> None:
    document_id, content = house.lose("log2.md")
    house.cut()
    assert [index.uncut for index in house.versions().indexes] == [0, 1]
    house.application.adapters.blobs.put(content)
    house.finished(house.ask(RetryDocument(document_id=document_id)).job_id)
    assert [index.uncut for index in house.versions().indexes] == [0, 0]
    assert house.whole()
    house.ask(ReturnIndex(collection_id=house.collection_id))
    assert {hit.external_id for hit in house.find().hits} == set(FILES)
