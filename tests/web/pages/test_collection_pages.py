"""Collections: made, filled, watched, changed and deleted."""

from __future__ import annotations

import io
import json
from pathlib import Path

from src.core.messages.collections import CreateCollection, GetCollection, ListCollections, Visibility
from src.core.messages.documents import DocumentState, ListDocuments
from src.core.messages.sources import ListSources
from tests.support.application import wait_for
from tests.support.site import READER, Site, marked, words


def test_the_list_tells_what_is_in_each(site: Site) -> None:
    tree = site.visitor().page("/collections")
    card = next(one for one in marked(tree, "collection") if "Shop" in words(one))
    assert "passages" in words(card)
    assert "1 failed" in words(card)


def test_a_new_collection_opens_ready_to_be_filled(site: Site) -> None:
    visitor = site.visitor()
    visitor.page("/collections")
    form = {"name": "Handbook", "description": "How we work", "visibility": "private"}
    tree = visitor.page(str(visitor.send("/collections", form).location))
    assert words(marked(tree, "collection-name")[0]) == "Handbook private"
    assert "open" in marked(tree, "adder-files")[0].attributes


def test_a_collection_without_a_name_is_refused_beside_the_field(site: Site) -> None:
    visitor = site.visitor()
    visitor.page("/collections")
    tree = visitor.read(visitor.send("/collections", {"name": " ", "description": "kept"}), status=422)
    assert marked(tree, "name-error")
    kept = tree.css_first("#description")
    assert kept is not None
    assert kept.attributes["value"] == "kept"


def test_a_private_collection_does_not_exist_for_others(site: Site) -> None:
    made = site.house.ask(CreateCollection(name="Secret", visibility=Visibility.PRIVATE))
    visitor = site.visitor(as_=READER)
    assert "Secret" not in visitor.page("/collections").html
    assert visitor.get(f"/collections/{made.id}").status_code == 404
    assert visitor.get(f"/collections/{made.id}/live").status_code == 404


def test_the_owner_of_a_private_collection_lets_others_in_and_out(site: Site) -> None:
    made = site.house.ask(CreateCollection(name="Minutes", visibility=Visibility.PRIVATE))
    address = f"/collections/{made.id}"
    owner, reader = site.visitor(), site.visitor(as_=READER)
    assert not marked(owner.page(address), "member")
    assert owner.send(f"{address}/members", {"username": "nobody-here"}).status_code == 404
    assert owner.send(f"{address}/members", {"username": READER[0], "may_write": "0"}).status_code == 303
    (row,) = marked(owner.page(address), "member")
    assert words(row).startswith(f"{READER[0]} read ")
    page = reader.page(address)
    assert not marked(page, "members"), "who else reads it is the owner's to know"
    assert reader.send(f"{address}/members", {"username": READER[0], "may_write": "1"}).status_code == 403
    owner.send(f"{address}/members", {"username": READER[0], "may_write": "1"})
    assert "read and change" in words(marked(owner.page(address), "member")[0])
    assert owner.send(f"{address}/members/remove", {"username": READER[0]}).status_code == 303
    assert reader.get(address).status_code == 404


def test_a_reader_is_offered_nothing_that_changes(site: Site) -> None:
    visitor = site.visitor(as_=READER)
    assert not marked(visitor.page("/collections"), "create-collection")
    tree = visitor.page(f"/collections/{site.collection_id}")
    for testid in ("adder-files", "add-source", "retry", "retry-failed", "settings"):
        assert not marked(tree, testid), testid


def test_files_are_taken_and_their_states_shown(site: Site) -> None:
    collection = site.house.collection("Uploads")
    visitor = site.visitor()
    visitor.page("/")
    files = [(io.BytesIO(b"# One\n\nFirst.\n"), "notes/one.md"), (io.BytesIO(b"x = 2\n"), "two.py")]
    sent = visitor.send(f"/collections/{collection}/files", {"files": files}, script=True)
    assert sent.status_code == 204, sent.text
    told = json.loads(sent.headers["HX-Trigger"])
    assert told["toast"]["text"] == "2 files taken."
    assert {"documents-changed", "work-changed"} <= set(told)
    wait_for(lambda: indexed(site, collection) == 2, timeout_s=60)
    tree = visitor.page(f"/collections/{collection}")
    assert "notes/one.md" in words(marked(tree, "documents")[0])
    assert {row.attributes["data-state"] for row in marked(tree, "document")} == {"indexed"}
    assert words(marked(tree, "count-indexed")[0]) == "indexed 2"


def test_an_upload_without_files_is_refused(site: Site) -> None:
    visitor = site.visitor()
    visitor.page("/")
    sent = visitor.send(f"/collections/{site.collection_id}/files", {}, script=True)
    assert sent.status_code == 422
    assert "Choose at least one file" in sent.text


def test_an_import_names_the_lines_it_did_not_take(site: Site) -> None:
    collection = site.house.collection("Imports")
    lines = '{"external_id": "a-1", "title": "A", "text": "The first."}\nno json\n'
    visitor = site.visitor()
    visitor.page("/")
    sent = visitor.send(f"/collections/{collection}/import", {"text": lines}, script=True)
    assert sent.status_code == 200
    assert "1 document taken, 1 line not" in " ".join(sent.text.split())
    assert "line 2:" in sent.text
    page = visitor.send(f"/collections/{collection}/import", {"text": lines})
    assert "Back to the collection" in page.text


def test_documents_are_filtered_by_state_and_words(site: Site) -> None:
    visitor = site.visitor()
    base = f"/collections/{site.collection_id}/documents"
    assert [
        row.attributes["data-state"] for row in marked(visitor.page(f"{base}?state=failed"), "document")
    ] == ["failed"]
    assert "basket" in words(marked(visitor.page(f"{base}?text=basket"), "documents")[0])
    assert "No document is like that" in words(visitor.page(f"{base}?text=nothing-such"))


def test_a_failed_document_says_why_in_the_list(site: Site) -> None:
    tree = site.visitor().page(f"/collections/{site.collection_id}?state=failed")
    row = marked(tree, "document")[0]
    assert "report.pdf" in words(row)
    assert marked(row, "document-failure")
    assert marked(row, "retry")
    assert marked(tree, "retry-failed")


def test_the_live_part_tells_the_others_when_counts_changed(site: Site) -> None:
    visitor = site.visitor()
    base = f"/collections/{site.collection_id}/live"
    told = visitor.get(f"{base}?counts_mark=other&jobs_mark=other").headers["HX-Trigger"]
    assert "documents-changed" in told
    assert "sources-changed" in told
    assert "HX-Trigger" not in visitor.get(base).headers


def test_a_part_that_nothing_happens_in_is_not_asked_for_again(site: Site) -> None:
    collection = site.house.collection("Still")
    live = marked(site.visitor().page(f"/collections/{collection}/live"), "live")[0]
    assert "hx-trigger" not in live.attributes


def test_a_folder_source_is_added_listed_and_removed(site: Site) -> None:
    folder = site.roots / "handbook"
    folder.mkdir()
    (folder / "one.md").write_text("# One\n\nThe first page.\n")
    (folder / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(64))
    collection = site.house.collection("Folder")
    visitor = site.visitor()
    visitor.page("/")
    form = {"kind": "folder", "location": str(folder), "include": "", "exclude": ""}
    sent = visitor.send(f"/collections/{collection}/sources", form, script=True)
    assert sent.status_code == 204, sent.text
    wait_for(lambda: indexed(site, collection) == 1, timeout_s=60)
    source = wait_for(lambda: ready_source(site, collection))
    tree = visitor.page(f"/collections/{collection}")
    card = marked(tree, "source")[0]
    assert str(folder) in words(card)
    skipped = visitor.page(f"/collections/{collection}/sources/{source}/skipped")
    assert "logo.png" in words(marked(skipped, "skipped-list")[0])
    visitor.page("/")
    again = visitor.send(f"/collections/{collection}/sources/{source}/sync", {}, script=True)
    assert again.status_code == 204
    gone = visitor.send(f"/collections/{collection}/sources/{source}/delete", {}, script=True)
    assert gone.status_code == 204
    assert not site.house.ask(ListSources(collection_id=collection)).items


def test_a_folder_outside_the_roots_is_refused_beside_the_form(site: Site, tmp_path: Path) -> None:
    visitor = site.visitor()
    visitor.page("/")
    form = {"kind": "folder", "location": str(tmp_path)}
    sent = visitor.send(f"/collections/{site.collection_id}/sources", form, script=True)
    assert 400 <= sent.status_code < 500
    assert 'data-testid="problem"' in sent.text


def test_name_and_description_can_be_changed_and_emptied(site: Site) -> None:
    collection = site.house.ask(CreateCollection(name="Old name", description="Old words")).id
    visitor = site.visitor()
    visitor.page("/")
    form = {"name": "New name", "description": "", "visibility": "private"}
    assert visitor.send(f"/collections/{collection}/settings", form).status_code == 303
    changed = site.house.ask(GetCollection(collection_id=collection))
    assert (changed.name, changed.description, changed.visibility) == ("New name", "", "private")


def test_a_collection_is_deleted_only_by_its_name(site: Site) -> None:
    collection = site.house.collection("To be deleted")
    visitor = site.visitor()
    visitor.page("/")
    refused = visitor.send(f"/collections/{collection}/delete", {"name": "to be"}, script=True)
    assert refused.status_code == 422
    assert "nothing was deleted" in refused.text
    done = visitor.send(f"/collections/{collection}/delete", {"name": "To be deleted"}, script=True)
    assert done.headers["HX-Redirect"] == "/collections"
    assert collection not in {one.id for one in site.house.ask(ListCollections()).items}


def indexed(site: Site, collection_id: str) -> int:
    found = site.house.ask(ListDocuments(collection_id=collection_id, state=DocumentState.INDEXED))
    return len(found.items)


def ready_source(site: Site, collection_id: str) -> str | None:
    source = site.house.ask(ListSources(collection_id=collection_id)).items[0]
    return source.id if source.state == "ready" else None
