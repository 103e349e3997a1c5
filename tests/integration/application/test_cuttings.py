"""An index of passages that are cut otherwise: built beside the live one, kept, switched to, and left."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from src.core.jobs import JobState
from src.core.messages.documents import DeleteDocument, ListDocuments
from src.core.messages.feedback import RateHit, Verdict
from src.core.messages.indexes import CheckIndexes, ListUncutDocuments, RebuildIndexesJob, ReturnIndex
from src.core.messages.models import GetModel, ModelState, ProposeChunker, RollBackModel
from src.core.messages.questions import Search, SearchResults
from src.database.models import PassageRecord
from tests.integration.application.test_index_versions import Coast, coast, searching
from tests.support.application import wait_for

SMALL = "96-tokens-20-overlap"
LONG = " ".join(f"The harbour master counts boat number {n} in the evening." for n in range(60))
FILES: dict[str, bytes | str] = {f"log{n}.md": f"# Log {n}\n\n{LONG}\n" for n in range(3)}
FILES["moon.md"] = "# Moon\n\nThe moon pulls the tide.\n"
BOATS = "who counts the boats"
MANY = "how many boats are there in the harbour"


class Harbour(Coast):
    """A collection whose documents can be cut in two ways."""

    def cut(self, name: str = SMALL) -> None:
        """Build an index of that cutting, which stands by."""
        with self.application.database.begin() as work:
            job = work.enqueue(
                RebuildIndexesJob(collection_id=self.collection_id, cutting=name, switch=False),
                collection_id=self.collection_id,
            )
            work.commit()
        ended = self.finished(job.id)
        assert (ended.state, ended.error) == (JobState.SUCCEEDED, None)

    def chunkers(self) -> dict[str, str]:
        return {index.chunker: index.state for index in self.versions().indexes if index.state != "retired"}

    def whole(self) -> bool:
        """Whether each index holds just the passages that it should."""
        return all(
            index.passages == index.expected for index in self.versions().indexes if index.state != "retired"
        )

    def lose(self, name: str) -> tuple[str, bytes]:
        """Have a document's bytes be gone: its id, and what they were."""
        document_id, blobs = self.documents()[name], self.application.adapters.blobs
        with self.application.database.read() as work:
            digest = work.documents.get(document_id).content_hash
        content = blobs.get(digest)
        blobs.delete(digest)
        return document_id, content

    def leave(self, cutting: str) -> None:
        """Have the indexes of a cutting be such as were given up long ago."""
        with self.application.database.begin() as work:
            for index in work.indexes.of(self.collection_id):
                if index.cutting == cutting:
                    index.state = "retired"
                    index.switched_at = index.created_at.replace(year=2020)
            work.commit()

    def stored(self, cutting: str) -> int:
        with self.application.database.read() as work:
            query = select(func.count()).where(PassageRecord.cutting == cutting)
            return work.session.scalar(query) or 0

    def find(self, query: str = BOATS) -> SearchResults:
        return self.ask(Search(query=query, k=100))

    def failed(self) -> dict[str, str]:
        """The codes of what could not be searched, by document."""
        found = self.ask(ListDocuments(collection_id=self.collection_id)).items
        return {document.external_id: document.error.code for document in found if document.error}

    def known(self) -> dict[str, str | None]:
        """By document the version of the passages that it is searched with."""
        with self.application.database.read() as work:
            return {each.id: each.live_version for each in work.documents.searched(self.collection_id)}

    def documents(self) -> dict[str, str]:
        found = self.ask(ListDocuments(collection_id=self.collection_id)).items
        return {document.external_id: document.id for document in found}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Harbour]:
    with coast(tmp_path, learning=False) as made:
        harbour = Harbour(made.application)
        harbour.collection_id = harbour.collection("Harbour")
        assert harbour.upload(harbour.collection_id, FILES).state is JobState.SUCCEEDED
        yield harbour


def test_it_is_built_beside_the_live_index_which_is_searched_as_before(house: Harbour) -> None:
    before, few = house.find(), house.versions().passages
    house.cut()
    assert house.chunkers() == {"configured": "live", SMALL: "standby"}
    small = next(index for index in house.versions().indexes if index.chunker == SMALL)
    assert small.expected > few
    assert house.whole()
    assert (house.find().hits, house.versions().passages) == (before.hits, few)
    assert house.ask(CheckIndexes()).sound


def test_the_switch_and_the_way_back_are_seen_at_once_by_searches_that_never_fail(house: Harbour) -> None:
    house.cut()
    seen: list[SearchResults] = []
    before, few = house.find(), house.versions().passages
    with searching(house.find, seen):
        for _ in range(3):
            began = time.monotonic()
            house.ask(ReturnIndex(collection_id=house.collection_id))
            during = house.find()
            assert time.monotonic() - began < 1.0
            assert during.index_version.endswith(SMALL)
            assert house.versions().passages > few
            assert house.chunkers() == {"configured": "standby", SMALL: "live"}
            house.ask(ReturnIndex(collection_id=house.collection_id))
            after = house.find()
            assert (after.hits, house.versions().passages) == (before.hits, few)
    assert {results.notices for results in seen} == {()}
    assert all(results.hits for results in seen)
    documents = house.ask(ListDocuments(collection_id=house.collection_id)).items
    assert sum(document.passages for document in documents) == few


def test_what_comes_changes_and_goes_does_so_in_both(house: Harbour) -> None:
    house.cut()
    crab = f"# Crab\n\n{'The crab walks sideways over the wet sand. ' * 40}\n"
    changed = f"# Log 0\n\n{'The night watch paints every lantern green. ' * 40}\n"
    house.upload(house.collection_id, {"crab.md": crab, "log0.md": changed})
    house.ask(DeleteDocument(document_id=house.documents()["log1.md"]))
    wait_for(house.whole)
    for _ in range(2):
        hits = house.find("an animal that walks sideways").hits
        assert "crab" in hits[0].text
        assert "lantern" in house.find("who paints the lantern").hits[0].text
        everything = house.find().hits
        assert {hit.external_id for hit in everything} == {"crab.md", "log0.md", "log2.md", "moon.md"}
        assert not any("boat" in hit.text for hit in everything if hit.external_id == "log0.md")
        house.ask(ReturnIndex(collection_id=house.collection_id))
    assert house.versions().cut_otherwise == 0


def test_a_document_that_cannot_be_cut_so_is_told_and_stops_nothing(house: Harbour) -> None:
    document_id, content = house.lose("log2.md")
    house.cut()
    small = next(index for index in house.versions().indexes if index.chunker == SMALL)
    assert (small.uncut, small.state) == (1, "standby")
    uncut = ListUncutDocuments(collection_id=house.collection_id, chunker=SMALL)
    (told,) = house.ask(uncut).items
    assert (told.external_id, told.code, told.document_id) == ("log2.md", "not_found", document_id)
    assert told.detail
    assert house.ask(uncut.model_copy(update={"chunker": "128-tokens"})).items == ()
    assert house.failed() == {}
    house.ask(ReturnIndex(collection_id=house.collection_id))
    assert house.failed() == {"log2.md": "not_found"}
    assert "log2.md" not in {hit.external_id for hit in house.find().hits}
    house.ask(ReturnIndex(collection_id=house.collection_id))
    assert house.failed() == {}
    house.application.adapters.blobs.put(content)
    house.upload(house.collection_id, {"log2.md": content + b"The end.\n"})
    wait_for(house.whole)
    assert next(index for index in house.versions().indexes if index.chunker == SMALL).uncut == 0


def test_a_vote_counts_in_the_other_cutting_and_back(house: Harbour) -> None:
    found = house.find()
    voted = found.hits[2]
    house.ask(RateHit(query_id=found.query_id, passage_id=voted.passage_id, verdict=Verdict.UP))
    wait_for(lambda: any(hit.scores.prior for hit in house.find().hits))
    house.cut()
    house.ask(ReturnIndex(collection_id=house.collection_id))
    lifted = [hit for hit in house.find().hits if hit.scores.prior]
    assert lifted
    assert {hit.document_id for hit in lifted} <= {h.document_id for h in found.hits}
    assert any(hit.text[:40] in voted.text for hit in lifted)
    given = house.find(MANY)
    other = next(hit for hit in given.hits if hit.external_id != voted.external_id)
    house.ask(RateHit(query_id=given.query_id, passage_id=other.passage_id, verdict=Verdict.UP))
    house.ask(ReturnIndex(collection_id=house.collection_id))
    back = wait_for(lambda: [hit for hit in house.find(MANY).hits if hit.scores.prior])
    assert other.document_id in {hit.document_id for hit in back}


def test_the_gate_scores_votes_on_either_list_by_the_place_they_are_about(house: Harbour) -> None:
    for number in range(22):
        found = house.find(f"who counted boat number {2 * number} in the harbour")
        hit = next(hit for hit in found.hits if f"number {2 * number} " in hit.text)
        house.ask(RateHit(query_id=found.query_id, passage_id=hit.passage_id, verdict=Verdict.UP))
    proposed = house.ask(ProposeChunker(collection_id=house.collection_id, tokens=96, overlap=20))
    request = GetModel(model_id=proposed.id)
    wait_for(lambda: house.ask(request).state is not ModelState.CANDIDATE, timeout_s=90)
    model = house.ask(request)
    assert (model.state, model.card["chunker"]) == (ModelState.GATED, SMALL)
    (logged,) = (one for one in model.evaluations if one.name == "logged votes")
    assert logged.questions >= 20
    assert logged.figures["live"]["ndcg@10"] > 0.3
    assert logged.figures["candidate"]["ndcg@10"] > 0.3, "of passages that none of the votes names"


def test_a_person_has_other_passages_searched_in_one_call_once_nothing_speaks_against_them(
    house: Harbour,
) -> None:
    request = ProposeChunker(collection_id=house.collection_id, tokens=96, overlap=20, switch=True)
    proposed = house.ask(request)
    get = GetModel(model_id=proposed.id)
    wait_for(lambda: house.ask(get).state is ModelState.LIVE, timeout_s=60)
    changes = house.ask(get).changes
    assert [change.after for change in changes] == ["candidate", "gated", "live"]
    assert changes[-1].decided_by == house.caller.username
    assert "Nothing that is known speaks against it" in changes[-1].reason
    assert "readers decide" not in changes[-1].reason
    assert house.chunkers() == {"configured": "standby", SMALL: "live"}
    assert house.find().index_version.endswith(SMALL)
    assert house.ask(RollBackModel(model_id=proposed.id)).kind == "default"
    assert house.chunkers() == {"configured": "live", SMALL: "standby"}
