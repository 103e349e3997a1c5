"""Imports of lines of JSON: good lines are taken, each bad one is named with its reason."""

from __future__ import annotations

import json

from src.core.jobs import JobState
from src.core.messages.documents import (
    AcceptedImport,
    Document,
    DocumentState,
    ImportDocuments,
    ListDocuments,
    ListPassages,
)
from src.core.messages.questions import Search
from tests.support.application import House


def taken(house: House, collection_id: str, *lines: object) -> AcceptedImport:
    body = b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)
    accepted = house.ask(ImportDocuments(collection_id=collection_id, body=body))
    assert house.finished(accepted.job_id).state is JobState.SUCCEEDED
    return accepted


def documents(house: House, collection_id: str) -> dict[str, Document]:
    return {d.external_id: d for d in house.ask(ListDocuments(collection_id=collection_id)).items}


def test_each_bad_line_is_named_with_its_reason(shared_house: House) -> None:
    collection_id = shared_house.collection()
    accepted = taken(
        shared_house,
        collection_id,
        b"\xef\xbb\xbf" + json.dumps({"external_id": "a", "text": "The first line."}).encode(),
        b"{not json",
        b"",
        [1, 2],
        {"text": "no id"},
        {"external_id": "b", "text": "odd", "colour": "blue"},
        {"external_id": "c\x00", "text": "nul"},
        b'{"external_id": "d", "text": "\xff"}',
        b'{"external_id": "e", "text": "x", "metadata": {"n": NaN}}',
        b"[" * 100_000,
        {
            "external_id": "f",
            "title": "Last",
            "text": "The last line.",
            "metadata": {"page": 3},
            "uri": "x:y",
        },
    )
    assert accepted.accepted == 2
    assert [(item.line, item.code) for item in accepted.rejected] == [
        (2, "malformed_json"),
        (4, "malformed_json"),
        (5, "invalid_line"),
        (6, "invalid_line"),
        (7, "invalid_line"),
        (8, "malformed_json"),
        (9, "malformed_json"),
        (10, "malformed_json"),
    ]
    assert all(item.detail for item in accepted.rejected)
    found = documents(shared_house, collection_id)
    assert found.keys() == {"a", "f"}
    assert {document.state for document in found.values()} == {DocumentState.INDEXED}
    assert (found["f"].title, found["f"].uri, found["f"].metadata) == ("Last", "x:y", {"page": 3})


def test_the_same_external_id_replaces(shared_house: House) -> None:
    collection_id = shared_house.collection()
    taken(shared_house, collection_id, {"external_id": "x", "title": "X", "text": "Peas are green."})
    before = documents(shared_house, collection_id)["x"]
    accepted = taken(
        shared_house,
        collection_id,
        {"external_id": "x", "title": "X", "text": "Peas are yellow."},
        {"external_id": "x", "title": "X", "text": "Peas are blue."},
    )
    assert (accepted.accepted, accepted.rejected) == (2, ())
    after = documents(shared_house, collection_id)["x"]
    assert after.id == before.id
    (passage,) = shared_house.ask(ListPassages(document_id=after.id)).items
    assert passage.text == "Peas are blue."
    hits = shared_house.ask(Search(query="colour of peas", collection_ids=(collection_id,))).hits
    assert [hit.text for hit in hits] == ["Peas are blue."]


def test_an_import_without_a_good_line_ends_well(shared_house: House) -> None:
    collection_id = shared_house.collection()
    assert taken(shared_house, collection_id).accepted == 0
    assert taken(shared_house, collection_id, b"{").rejected[0].line == 1
    assert documents(shared_house, collection_id) == {}


def test_an_untitled_document_keeps_the_title_found_in_it_when_it_comes_again(shared_house: House) -> None:
    collection_id = shared_house.collection()
    line = {
        "external_id": "guide",
        "text": "# A guide to moss\n\nMoss grows in the shade.\n",
        "media_type": "text/markdown",
    }
    taken(shared_house, collection_id, line)
    first = documents(shared_house, collection_id)["guide"]
    assert first.title == "A guide to moss"
    taken(shared_house, collection_id, line)
    again = documents(shared_house, collection_id)["guide"]
    assert (again.title, again.indexed_at) == (first.title, first.indexed_at)
