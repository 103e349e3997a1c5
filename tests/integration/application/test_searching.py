"""Searching through the whole application: filters, folding, scores, and what is remembered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from src.core.messages.documents import DeleteDocument, ListDocuments
from src.core.messages.questions import Filters, Hit, Search, SearchResults
from src.core.messages.sources import AddSource
from src.core.passages import PassageKind
from src.database.models import SearchRecord
from tests.support.application import House, make_settings, running

TEXTS: dict[str, bytes | str] = {
    "guide/train.md": "# Train\n\nThe train to the coast leaves at noon.\n",
    "guide/deep/bus.md": "# Bus\n\nThe bus to the coast leaves at one.\n",
    "code/train.py": "class Train:\n    '''A train to the coast.'''\n\n"
    "    def leave_platform(self, platform_no):\n        '''To the coast.'''\n        return platform_no\n",
    "page.html": "<html><body><h1>Ferry</h1><p>The ferry along the coast leaves at two.</p></body></html>",
    "legend.rst": "Legend\n======\n\nEach line of the coast has a colour.\n",
    "fares.json": '{"coast": "a ticket for the coast costs three"}',
    "copy.txt": "The tram along the coast leaves at three o'clock from the market square.",
    "again.txt": "The tram along the coast leaves at three o'clock from the market  square.",
}


@dataclass
class Depot:
    house: House
    collection_id: str
    source_id: str
    documents: dict[str, str]

    def find(self, query: str, *, k: int = 10, **filters: object) -> SearchResults:
        return self.house.ask(
            Search(
                query=query,
                collection_ids=(self.collection_id,),
                k=k,
                filters=Filters.model_validate(filters) if filters else None,
            )
        )

    def names(self, **filters: object) -> set[str]:
        return {hit.external_id for hit in self.find("leaves for the coast", k=100, **filters).hits}


@pytest.fixture(scope="module")
def depot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Depot]:
    root: Path = tmp_path_factory.mktemp("depot")
    (root / "folder").mkdir()
    (root / "folder" / "plane.md").write_text("# Plane\n\nThe plane along the coast leaves at four.\n")
    with running(make_settings(root / "data", folder_roots=(root / "folder",))) as application:
        house = House(application)
        collection_id = house.collection("Depot")
        house.upload(collection_id, TEXTS)
        added = house.ask(
            AddSource(collection_id=collection_id, kind="folder", location=str(root / "folder"))
        )
        house.finished(added.job_id)
        listed = house.ask(ListDocuments(collection_id=collection_id)).items
        yield Depot(house, collection_id, added.source_id, {d.external_id: d.id for d in listed})


def test_without_filters_everything_is_searched(depot: Depot) -> None:
    assert len(depot.names() & (TEXTS.keys() | {"plane.md"})) == 8
    assert depot.names() >= {"plane.md", "page.html"}


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"path": "guide/**"}, {"guide/train.md", "guide/deep/bus.md"}),
        ({"path": "guide/*"}, {"guide/train.md"}),
        ({"path": "train.*"}, {"guide/train.md", "code/train.py"}),
        ({"path": "guide/"}, {"guide/train.md", "guide/deep/bus.md"}),
        ({"path": "nowhere/*"}, set()),
        ({"path": "[guide]/%_"}, set()),
        ({"types": ["python"]}, {"code/train.py"}),
        ({"types": ["text/html", "text/x-python"]}, {"page.html", "code/train.py"}),
        ({"types": ["text/x-rst", "Application/JSON; charset=utf-8"]}, {"legend.rst", "fares.json"}),
        ({"types": ["markdown"], "path": "guide/*"}, {"guide/train.md"}),
        ({"kinds": [PassageKind.METHOD]}, {"code/train.py"}),
        ({"kinds": [PassageKind.PAGE]}, set()),
    ],
)
def test_filters_narrow_a_search(depot: Depot, filters: dict[str, object], names: set[str]) -> None:
    assert depot.names(**filters) == names


def test_a_search_is_narrowed_to_sources_and_documents(depot: Depot) -> None:
    assert depot.names(source_ids=(depot.source_id,)) == {"plane.md"}
    assert depot.names(source_ids=("unknown",)) == set()
    wanted = (depot.documents["guide/train.md"], depot.documents["page.html"])
    assert depot.names(document_ids=wanted) == {"guide/train.md", "page.html"}
    assert depot.names(document_ids=wanted, types=("html",)) == {"page.html"}


def test_nearly_the_same_passages_are_folded_into_one(depot: Depot) -> None:
    hits = [hit for hit in depot.find("tram from the market square").hits if "tram" in hit.text]
    (hit,) = hits
    assert hit.rank == 1
    assert len(hit.duplicates) == 1
    assert hit.passage_id not in hit.duplicates
    assert depot.find("tram from the market square", k=2).hits[1].text != hit.text


def test_more_can_be_asked_for_than_there_is(depot: Depot) -> None:
    hits = depot.find("coast", k=100).hits
    assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))
    assert len({hit.passage_id for hit in hits}) == len(hits) < 20
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert len(depot.find("coast", k=1).hits) == 1


def test_a_name_in_the_query_counts_where_it_is_found(depot: Depot) -> None:
    best = depot.find("what does leave_platform return").hits[0]
    assert (best.symbol, best.scores.identifier) == ("Train.leave_platform", 1.0)
    assert depot.find("platform_no leave_station").hits[0].scores.identifier == 0.5
    assert depot.find("the coast").hits[0].scores.identifier is None


def test_the_scores_of_each_stage_are_given(depot: Depot) -> None:
    for hit in depot.find("when does the train leave").hits:
        assert hit.scores.dense is not None
        assert -1.0 <= hit.scores.dense <= 1.0001
        assert hit.scores.lexical is not None
        assert hit.scores.lexical >= 0.0
        assert hit.score == hit.scores.fused >= hit.scores.dense
    unknown = depot.find("zyxwvut").hits[0]
    assert unknown.scores.lexical is None


def test_a_search_is_timed_and_remembered(depot: Depot) -> None:
    results = depot.find("when does the bus leave", types=("markdown",))
    stages = {"permission", "lexical", "vectors", "embed", "dense", "complete", "rank"}
    assert results.took_ms.keys() == stages | {"total"}
    one_after_another = sum(results.took_ms[stage] for stage in ("embed", "dense", "complete", "rank"))
    beside_them = sum(results.took_ms[stage] for stage in ("permission", "lexical", "vectors"))
    assert 0 < one_after_another <= results.took_ms["total"]
    assert 0 < beside_them <= results.took_ms["total"]
    with depot.house.application.database.read() as work:
        record = work.session.get_one(SearchRecord, results.query_id)
    assert record.query == "when does the bus leave"
    assert record.request["filters"]["types"] == ["markdown"]
    assert [hit["passage_id"] for hit in record.hits] == [hit.passage_id for hit in results.hits]
    assert record.user_id == depot.house.caller.user_id
    assert record.index_version == results.index_version


def test_a_deleted_document_is_gone_at_once(depot: Depot) -> None:
    house = depot.house
    collection_id = house.collection("Gone")
    house.upload(collection_id, {"boat.txt": "The boat is leaking.", "oar.txt": "The oar is broken."})

    def found() -> tuple[Hit, ...]:
        return house.ask(Search(query="leaking boat", collection_ids=(collection_id,))).hits

    boat = found()[0]
    assert boat.external_id == "boat.txt"
    house.ask(DeleteDocument(document_id=boat.document_id))
    assert {hit.external_id for hit in found()} == {"oar.txt"}
