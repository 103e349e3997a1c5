"""Switching an index and returning on PostgreSQL and a Chroma server, under searches in two applications:
none fails, none is poorer, and both follow at once."""

from __future__ import annotations

import time
from pathlib import Path

from src.core.jobs import JobState
from src.core.messages.indexes import RebuildIndexes, ReturnIndex
from src.core.messages.questions import Search, SearchResults
from tests.integration.application.test_index_versions import FILES, searching
from tests.support.application import House, make_settings, running

SEARCH = Search(query="what moves the water at the shore")


def test_both_applications_follow_a_switch_and_the_way_back_within_a_second(
    tmp_path: Path, postgres_database: str, chroma_server: str
) -> None:
    settings = make_settings(
        tmp_path / "data", database_url=postgres_database, chroma_url=chroma_server, index_build_share=1.0
    )
    exact = settings.model_copy(update={"embedding_precision": "float32"})
    with running(exact, worker=False) as application:
        other = application.adapters.embedder.version
    with running(settings, worker=False) as face, running(settings) as worker:
        house, second = House(face), House(worker)
        collection_id = house.collection("Coast")
        assert house.upload(collection_id, FILES).state is JobState.SUCCEEDED
        own = face.adapters.embedder.version
        seen: list[SearchResults] = []
        also: list[SearchResults] = []
        with searching(lambda: house.ask(SEARCH), seen), searching(lambda: second.ask(SEARCH), also):
            request = RebuildIndexes(collection_id=collection_id, embedding_version=other)
            assert house.finished(house.ask(request).job_id).state is JobState.SUCCEEDED
            for each in (house, second):
                assert other in each.ask(SEARCH).index_version
            began = time.monotonic()
            house.ask(ReturnIndex(collection_id=collection_id))
            for each in (house, second):
                assert own in each.ask(SEARCH).index_version
            assert time.monotonic() - began < 1.0
        for results in (seen, also):
            assert {each.notices for each in results} == {()}
            assert {len(each.hits) for each in results} == {len(FILES)}
            assert all(hit.scores.dense is not None for each in results for hit in each.hits)
        assert any(other in each.index_version for each in seen)
