"""The indexes of a collection on the page of its models: which one is searched, and switching."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from src.core.messages.indexes import IndexVersions, ListIndexVersions, RebuildIndexes
from src.core.messages.models import GetModel
from src.services.embeddings.versions import EmbeddingSource
from tests.support.application import wait_for
from tests.support.site import READER, Site, marked, serving, words


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site of its own, with an index in float32 that is searched and one in int8 on standby."""
    with serving(tmp_path_factory.mktemp("versions")) as made:
        application = made.house.application
        source = EmbeddingSource(application.settings.embedding_model, "float32")
        embedders = application.adapters.embedders
        version = embedders.opened(source).version
        with application.database.begin() as work:
            embedders.note(work, version, source, None)
            work.commit()
        request = RebuildIndexes(collection_id=made.collection_id, embedding_version=version)
        made.house.finished(made.house.ask(request).job_id)
        yield made


def versions(site: Site) -> IndexVersions:
    return site.house.ask(ListIndexVersions(collection_id=site.collection_id))


def test_the_indexes_are_shown_with_their_models_and_what_is_in_them(site: Site) -> None:
    page = site.visitor().page(f"/learning/models?collection={site.collection_id}")
    rows = {str(row.attributes["data-state"]): words(row) for row in marked(page, "index")}
    assert set(rows) == {"live", "standby"}
    passages = versions(site).passages
    assert f"{passages} of {passages}" in rows["live"]
    assert "float32" in rows["live"]
    assert versions(site).cutting in words(page)
    assert len(marked(page, "switch-confirm")) == 1


def test_an_administrator_searches_another_index_and_builds_the_configured_one(site: Site) -> None:
    visitor, address = site.visitor(), f"/learning/models?collection={site.collection_id}"
    other = next(index for index in versions(site).indexes if index.state == "standby")
    assert marked(visitor.page(address), "configured"), "the collection has a model of its own"
    done = visitor.send(f"/learning/collections/{site.collection_id}/indexes/{other.id}/search", {})
    assert done.status_code == 303
    states = {index.id: index.state for index in versions(site).indexes}
    assert states.pop(other.id) == "live"
    assert set(states.values()) == {"standby"}
    assert "searched from now on" in words(visitor.page(address))
    again = visitor.send(f"/learning/collections/{site.collection_id}/indexes/{other.id}/search", {})
    assert again.status_code == 409
    visitor.send(f"/learning/collections/{site.collection_id}/indexes/configured", {})
    wait_for(lambda: all(index.id != other.id for index in versions(site).indexes))
    assert versions(site).wanted == versions(site).configured


def test_an_administrator_proposes_other_passages(site: Site) -> None:
    visitor, address = site.visitor(), f"/learning/models?collection={site.collection_id}"
    assert {words(cell) for cell in marked(visitor.page(address), "chunker")} == {"as configured"}
    form = f"/learning/collections/{site.collection_id}/chunkers"
    refused = visitor.send(form, {"tokens": "4000", "overlap": ""})
    assert refused.status_code == 422
    made = visitor.send(form, {"tokens": "128", "overlap": "32"})
    assert made.status_code == 303
    shown = words(visitor.page(str(made.headers["location"])))
    assert "other passages" in shown
    assert "at most 128 tokens" in shown
    wait_for(lambda: "128-tokens-32-overlap" in {index.chunker for index in versions(site).indexes})
    assert "128 tokens, 32 repeated" in words(visitor.page(address))
    again = visitor.send(form, {"tokens": "96", "overlap": ""})
    assert again.status_code == 409
    model = str(made.headers["location"])
    assert marked(visitor.page(model), "reject-confirm")
    aside = visitor.send(f"{model}/reject", {"reason": "One thing at a time."})
    assert aside.status_code == 303
    assert "One thing at a time." in words(visitor.page(model))
    assert not marked(visitor.page(model), "reject-confirm")
    made = visitor.send(form, {"tokens": "96", "overlap": "", "switch": "true"})
    proposed = site.house.ask(GetModel(model_id=str(made.headers["location"]).rpartition("/")[2]))
    assert proposed.card["switch_for"] == site.house.caller.user_id


def test_what_cannot_be_cut_so_is_behind_its_number_with_the_reason(site: Site) -> None:
    visitor, chunker = site.visitor(), versions(site).indexes[0].chunker
    with site.house.application.database.begin() as work:
        document = next(work.documents.searched(site.collection_id))
        work.cuts.note(document.id, chunker, "0" * 64, 0, ("too_many_passages", "It makes too many <b>."))
        work.commit()
    page = visitor.page(f"/learning/models?collection={site.collection_id}")
    links = {str(link.attributes["href"]) for link in marked(page, "uncut")}
    assert {words(link) for link in marked(page, "uncut")} == {"1 document could not be cut so"}
    (row,) = marked(visitor.page(links.pop()), "uncut-document")
    assert "It makes too many <b>." in words(row)
    assert document.title in words(row)
    assert len(marked(row, "retry")) == 1
    address = f"/learning/collections/{site.collection_id}/uncut/{chunker}"
    assert site.visitor(as_=READER).get(address).status_code == 403


def test_readers_see_no_indexes_and_switch_none(site: Site) -> None:
    visitor = site.visitor(as_=READER)
    page = visitor.page(f"/learning/models?collection={site.collection_id}")
    assert not marked(page, "indexes")
    index = versions(site).indexes[0]
    refused = visitor.send(f"/learning/collections/{site.collection_id}/indexes/{index.id}/search", {})
    assert refused.status_code == 403
    form = f"/learning/collections/{site.collection_id}/chunkers"
    assert visitor.send(form, {"tokens": "128"}).status_code == 403
