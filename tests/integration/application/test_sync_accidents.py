"""Sources whose files swap names, and runs that are cut short."""

from __future__ import annotations

import time

from src.core.jobs import JobState
from src.core.messages.documents import ListPassages
from src.core.messages.jobs import CancelJob
from src.core.messages.sources import GetSource, Source, SourceState, SyncSource
from tests.support.application import wait_for
from tests.support.git import Repository
from tests.support.yard import Yard

BOOKS = {
    "oak": "# Oak\n\n" + "".join(f"Year {year}: the oak grew by a hand.\n" for year in range(1900, 1930)),
    "elm": "# Elm\n\n" + "".join(f"In week {week} the elm lost {week} leaves.\n" for week in range(1, 40)),
}


def test_a_file_that_takes_the_name_of_a_renamed_one_keeps_its_document_too(yard: Yard) -> None:
    repository = Repository.create(yard.root / "sources" / "trees")
    repository.commit({"a.md": BOOKS["oak"], "b.md": BOOKS["elm"]})
    collection_id = yard.collection("Trees")
    source_id = yard.follow(collection_id, "git", repository.path)
    before = yard.documents(collection_id)
    repository.commit({"a.md": None, "b.md": BOOKS["oak"], "c.md": BOOKS["elm"]})
    source = yard.sync(source_id)
    assert (source.counts.renamed, source.counts.deleted, source.counts.changed) == (2, 0, 0)
    assert yard.embedder.texts == []
    after = yard.documents(collection_id)
    assert {path: document.id for path, document in after.items()} == {
        "b.md": before["a.md"].id,
        "c.md": before["b.md"].id,
    }
    assert yard.paths("how many leaves did the elm lose", collection_id)[0] == "c.md"
    assert yard.sound(collection_id)


def test_a_run_that_was_cut_short_leaves_nothing_of_a_commit_that_was_taken_back(yard: Yard) -> None:
    repository = Repository.create(yard.root / "sources" / "garden")
    repository.commit({"bed.md": "# Bed\n\nTulips grow here.\n"})
    collection_id = yard.collection("Garden")
    source_id = yard.follow(collection_id, "git", repository.path)
    repository.commit({"bed.md": "# Bed\n\nNettles grow here.\n", "shed.md": "# Shed\n\nA rusty rake.\n"})
    source = cut_short(yard, source_id)
    assert source.state is SourceState.FAILED
    assert source.error is not None
    assert source.error.code == "cancelled"
    repository.commit({"bed.md": "# Bed\n\nTulips grow here.\n", "shed.md": None})
    assert yard.sync(source_id).last_commit == repository.head()
    documents = yard.documents(collection_id)
    assert {path: document.state for path, document in documents.items()} == {"bed.md": "indexed"}
    (passage,) = yard.ask(ListPassages(document_id=documents["bed.md"].id)).items
    assert "Tulips" in passage.text
    assert yard.sound(collection_id)


def test_the_next_run_takes_what_a_cancelled_one_left_behind(yard: Yard) -> None:
    repository = Repository.create(yard.root / "sources" / "pond")
    repository.commit({"frog.md": "# Frog\n\nIt croaks.\n"})
    collection_id = yard.collection("Pond")
    source_id = yard.follow(collection_id, "git", repository.path)
    repository.commit({"frog.md": "# Frog\n\nIt croaks at night.\n", "newt.md": "# Newt\n\nIt hides.\n"})
    cut_short(yard, source_id)
    wait_for(lambda: {d.state for d in yard.documents(collection_id).values()} == {"failed"})
    yard.sync(source_id)
    assert {d.state for d in yard.documents(collection_id).values()} == {"indexed"}
    assert yard.paths("croaks at night", collection_id)[0] == "frog.md"


def cut_short(yard: Yard, source_id: str) -> Source:
    """The source after a run that was cancelled while it embedded."""
    yard.embedder.waiting.clear()
    yard.embedder.gate.clear()
    job_id = yard.ask(SyncSource(source_id=source_id)).job_id
    assert yard.embedder.waiting.wait(30.0)
    yard.ask(CancelJob(job_id=job_id))
    time.sleep(1.5)  # the running job sees the wish when it renews its lease
    yard.embedder.gate.set()
    assert yard.finished(job_id).state is JobState.CANCELLED

    def ended() -> Source | None:
        source = yard.ask(GetSource(source_id=source_id))
        return source if source.state is not SourceState.SYNCING else None

    return wait_for(ended)
