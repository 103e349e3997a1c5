"""Searches of several collections, one of which has lost its lexical index."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from src.core.messages.questions import Search
from tests.support.application import House, make_settings, running
from tests.support.rankers import by_cosine
from tests.support.town import QUESTION, Town


@pytest.fixture
def towns(tmp_path: Path) -> Iterator[tuple[Town, Town]]:
    """Two collections; the first has no lexical index any more."""
    with running(make_settings(tmp_path)) as application:
        house = House(application)
        one, other = Town(house), Town(house)
        with application.database.read() as work:
            index = work.indexes.live(one.collection_id)
        assert index is not None
        application.adapters.lexical.drop(index.id)
        yield one, other


def found(towns: tuple[Town, Town]) -> dict[str, int]:
    """How many passages of each collection a search of both shows."""
    ids = [town.collection_id for town in towns]
    results = towns[0].house.ask(Search(query=QUESTION, collection_ids=tuple(ids), k=16))
    assert any("missing" in notice for notice in results.notices)
    hits = [hit for hit in results.hits for _ in (hit.passage_id, *hit.duplicates)]
    return {id_: sum(hit.collection_id == id_ for hit in hits) for id_ in ids}


def test_the_other_collection_is_still_searched_by_words(towns: tuple[Town, Town]) -> None:
    assert sum(found(towns).values()) == 16


def test_a_learned_ranking_does_without_the_words(towns: tuple[Town, Town]) -> None:
    for town in towns:
        town.model("live", by_cosine(5.0))
    assert sum(found(towns).values()) == 16
