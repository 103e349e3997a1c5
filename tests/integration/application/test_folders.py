"""Folders on the server as sources, and where a source may not lie."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from src.core.errors import AppError
from src.core.messages.documents import ListDocuments
from src.core.messages.questions import Search
from src.core.messages.sources import AddSource, GetSource, ListSkipped, ListSources, SyncSource
from tests.support.application import House, make_settings, wait_for
from tests.support.embedders import Watched, watched
from tests.support.git import Repository


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[House, Watched, Path]]:
    root = tmp_path / "roots"
    root.mkdir()
    with watched(make_settings(tmp_path / "data", folder_roots=(root,))) as (application, embedder):
        yield House(application), embedder, root


def test_a_folder_is_followed(site: tuple[House, Watched, Path]) -> None:
    house, embedder, root = site
    folder = root / "notes"
    (folder / "deep").mkdir(parents=True)
    (folder / "one.md").write_text("# One\n\nThe owl hunts at night.\n")
    (folder / "deep" / "two.md").write_text("# Two\n\nThe heron waits in the reeds.\n")
    (folder / "left.log").write_text("not wanted")
    (folder / "blob.bin").write_bytes(bytes(range(256)))
    collection_id = house.collection()
    added = house.ask(
        AddSource(
            collection_id=collection_id, kind="folder", location=str(folder), exclude=("*.log", "**/*.log")
        )
    )
    house.finished(added.job_id)
    source = house.ask(GetSource(source_id=added.source_id))
    assert (source.counts.files, source.counts.added, source.counts.skipped) == (2, 2, 1)
    assert [s.code for s in house.ask(ListSkipped(source_id=source.id)).items] == ["binary"]
    before = {d.path: d.id for d in house.ask(ListDocuments(collection_id=collection_id)).items}
    assert before.keys() == {"one.md", "deep/two.md"}

    embedder.texts.clear()
    (folder / "one.md").write_text("# One\n\nThe owl sleeps by day, high in the oak.\n")
    (folder / "deep" / "two.md").unlink()
    (folder / "three.md").write_text("# Three\n\nThe otter dives.\n")
    house.finished(house.ask(SyncSource(source_id=source.id)).job_id)
    counts = house.ask(GetSource(source_id=source.id)).counts
    assert (counts.added, counts.changed, counts.deleted, counts.unchanged) == (1, 1, 1, 0)
    assert len(embedder.texts) == 2
    after = {d.path: d.id for d in house.ask(ListDocuments(collection_id=collection_id)).items}
    assert after.keys() == {"one.md", "three.md"}
    assert after["one.md"] == before["one.md"]
    hits = house.ask(Search(query="heron in the reeds", collection_ids=(collection_id,))).hits
    assert "deep/two.md" not in {hit.location.path for hit in hits}


def test_a_file_that_was_only_touched_is_unchanged(site: tuple[House, Watched, Path]) -> None:
    house, embedder, root = site
    (root / "one.md").write_text("# One\n\nThe owl hunts at night.\n")
    (root / "two.md").write_text("# Two\n\nThe heron waits in the reeds.\n")
    added = house.ask(AddSource(collection_id=house.collection(), kind="folder", location=str(root)))
    house.finished(added.job_id)
    embedder.texts.clear()
    os.utime(root / "one.md", (1, 1))
    house.finished(house.ask(SyncSource(source_id=added.source_id)).job_id)
    counts = house.ask(GetSource(source_id=added.source_id)).counts
    assert (counts.added, counts.changed, counts.unchanged) == (0, 0, 2)
    (root / "one.md").write_text("# One\n\nThe owl sleeps by day.\n")
    (root / "three.md").write_text("# Three\n\nThe otter dives.\n")
    house.finished(house.ask(SyncSource(source_id=added.source_id)).job_id)
    counts = house.ask(GetSource(source_id=added.source_id)).counts
    assert (counts.added, counts.changed, counts.unchanged) == (1, 1, 1)
    assert len(embedder.texts) == 2


def test_a_file_that_is_written_while_the_folder_is_read_keeps_its_document(
    site: tuple[House, Watched, Path],
) -> None:
    house, _, root = site
    (root / "log.md").write_text("# Log\n\nThe tide is high.\n")
    (root / "two.md").write_text("# Two\n\nThe heron waits in the reeds.\n")
    collection_id = house.collection()
    added = house.ask(AddSource(collection_id=collection_id, kind="folder", location=str(root)))
    house.finished(added.job_id)
    before = {d.path: d.id for d in house.ask(ListDocuments(collection_id=collection_id)).items}
    ended = threading.Event()

    def write() -> None:
        with (root / "log.md").open("a") as log:
            while not ended.wait(0.0001):
                print("The tide rises.", file=log, flush=True)

    def met() -> bool:
        house.finished(house.ask(SyncSource(source_id=added.source_id)).job_id)
        return [s.code for s in house.ask(ListSkipped(source_id=added.source_id)).items] == ["changed"]

    writer = threading.Thread(target=write)
    writer.start()
    try:
        wait_for(met)
    finally:
        ended.set()
        writer.join()
    after = {d.path: d.id for d in house.ask(ListDocuments(collection_id=collection_id)).items}
    assert after == before
    house.finished(house.ask(SyncSource(source_id=added.source_id)).job_id)
    assert house.ask(ListSkipped(source_id=added.source_id)).items == ()
    assert house.ask(Search(query="The tide rises", collection_ids=(collection_id,))).hits


def test_a_source_outside_the_roots_is_refused(site: tuple[House, Watched, Path], tmp_path: Path) -> None:
    house, _, root = site
    collection_id = house.collection()
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("a secret")
    repository = Repository.create(tmp_path / "elsewhere")
    repository.commit({"a.md": "# A\n\nWords.\n"})
    (root / "link").symlink_to(outside, target_is_directory=True)
    for kind, location in (
        ("folder", outside),
        ("folder", root / "link"),
        ("folder", root / ".." / "outside"),
        ("folder", tmp_path / "data"),
        ("git", repository.path),
        ("git", f"file://{repository.path}"),
    ):
        with pytest.raises(AppError) as caught:
            house.ask(AddSource(collection_id=collection_id, kind=kind, location=str(location)))
        assert caught.value.code in {"outside_roots", "forbidden"}, (kind, location)
        assert "a secret" not in caught.value.detail
    assert house.ask(ListSources(collection_id=collection_id)).items == ()


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"kind": "ftp", "location": "ftp://example.org"}, "unknown_kind"),
        ({"kind": "folder", "location": "nowhere", "schedule": "now and then"}, None),
        ({"kind": "git", "location": "--upload-pack=touch x"}, None),
        ({"kind": "folder", "location": "relative/path"}, None),
    ],
)
def test_a_source_that_cannot_be_is_refused_with_a_reason(
    shared_house: House, fields: dict[str, str], code: str | None
) -> None:
    collection_id = shared_house.collection()
    with pytest.raises(AppError) as caught:
        shared_house.ask(AddSource.model_validate({"collection_id": collection_id} | fields))
    assert caught.value.detail
    assert code in {None, caught.value.code}
    assert shared_house.ask(ListSources(collection_id=collection_id)).items == ()
