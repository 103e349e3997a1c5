"""Uploads through the whole application: every document comes to one end, and nothing is done twice."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from src.core.errors import AppError
from src.core.jobs import JobState
from src.core.messages.documents import (
    AddDocuments,
    Document,
    DocumentState,
    GetDocument,
    ListDocuments,
    ListPassages,
    RetryDocument,
    RetryFailedDocuments,
    UploadedFile,
)
from src.core.messages.jobs import CancelJob
from src.core.messages.questions import Search, SearchResults
from src.database.models import DocumentRecord, VectorRecord
from tests.support.application import House, make_settings, wait_for
from tests.support.embedders import Watched, watched

NOTES = (
    "# Kettle\n\nThe kettle whistles when the water boils.\n\n# Lamp\n\nThe lamp is switched at the door.\n"
)


class Kitchen(House):
    """The house with a watched embedder."""

    embedder: Watched

    def documents(self, collection_id: str) -> dict[str, Document]:
        listed = self.ask(ListDocuments(collection_id=collection_id, limit=200))
        return {document.external_id: document for document in listed.items}

    def find(self, query: str, *collections: str) -> SearchResults:
        return self.ask(Search(query=query, collection_ids=collections))

    def vectors(self) -> int:
        with self.application.database.read() as work:
            return work.session.scalar(select(func.count()).select_from(VectorRecord)) or 0


def all_ended(documents: dict[str, Document]) -> dict[str, Document] | None:
    return documents if all(document.state.final for document in documents.values()) else None


@pytest.fixture(scope="module")
def kitchen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kitchen]:
    # A cancellation is seen when the lease is renewed: four times in its length.
    settings = make_settings(tmp_path_factory.mktemp("kitchen") / "data", job_lease_s=4.0)
    with watched(settings) as (application, embedder):
        kitchen = Kitchen(application)
        kitchen.embedder = embedder
        yield kitchen


def test_each_document_of_an_upload_comes_to_one_end(kitchen: Kitchen) -> None:
    collection_id = kitchen.collection("Formats")
    notebook = {
        "cells": [{"cell_type": "markdown", "metadata": {}, "source": ["# Toast\n", "Two minutes."]}],
        "metadata": {},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    job = kitchen.upload(
        collection_id,
        {
            "notes.md": NOTES,
            "kettle.py": "def boil(water):\n    '''Heat it till it boils.'''\n    return water.heat(100)\n",
            "broken.py": "def broken(:\n    return == 3\n",
            "page.html": "<html><body><h1>Oven</h1><p>The oven is preheated.</p></body></html>",
            "plain.txt": "Bread is baked for forty minutes.",
            "toast.ipynb": json.dumps(notebook),
            "empty.txt": "",
            "blank.md": " \n\n",
            "noise.bin": bytes(range(256)) * 8,
            "wrong.pdf": b"%PDF-1.7 but nothing of one",
        },
    )
    assert (job.state, job.done, job.total) == (JobState.SUCCEEDED, 10, 10)
    documents = kitchen.documents(collection_id)
    states = {name: document.state for name, document in documents.items()}
    failed = {"empty.txt", "blank.md", "noise.bin", "wrong.pdf"}
    assert {name for name, state in states.items() if state is not DocumentState.INDEXED} == failed
    assert {states["noise.bin"], states["wrong.pdf"]} == {DocumentState.SKIPPED, DocumentState.FAILED}
    for name, document in documents.items():
        if name in failed:
            assert document.state.final
            assert document.error is not None
            assert document.error.stage == "parsing"
            assert document.error.code
            assert document.error.detail.endswith(".")
            assert (document.passages, document.searchable) == (0, False)
        else:
            assert document.error is None
            assert document.passages > 0
            assert document.searchable
    assert documents["broken.py"].notices
    assert documents["kettle.py"].format == "python"


def test_real_pdf_files_each_come_to_one_end(kitchen: Kitchen, shared_data: Path) -> None:
    folder = shared_data / "pdf_samples"
    files: dict[str, bytes | str] = {
        path.name: path.read_bytes() for path in sorted(folder.glob("*.pdf")) if path.stat().st_size < 200_000
    }
    if not files:
        pytest.skip(f"no PDF files in {folder}")
    collection_id = kitchen.collection("PDF")
    job = kitchen.upload(collection_id, files)
    assert job.state is JobState.SUCCEEDED
    documents = kitchen.documents(collection_id)
    assert documents.keys() == files.keys()
    for document in documents.values():
        assert document.state.final
        assert (document.error is None) == (document.state is DocumentState.INDEXED)
        assert document.searchable == (document.state is DocumentState.INDEXED)
    protected = documents["password-example.pdf"].error
    assert protected is not None
    assert protected.code == "encrypted"


def test_hostile_names_are_kept_as_they_are(kitchen: Kitchen, shared_data: Path) -> None:
    strings = json.loads((shared_data / "bad_input" / "blns.json").read_text(encoding="utf-8"))
    names = sorted({text for text in strings if text and "\x00" not in text})[::6]
    collection_id = kitchen.collection("Names")
    job = kitchen.upload(collection_id, {name: "The same few words." for name in names})
    assert job.state is JobState.SUCCEEDED
    documents = kitchen.documents(collection_id)
    assert documents.keys() == set(names)
    assert {document.state for document in documents.values()} <= {
        DocumentState.INDEXED,
        DocumentState.FAILED,
    }
    assert all(document.error for document in documents.values() if document.state is DocumentState.FAILED)
    hits = kitchen.ask(Search(query="the same few words", collection_ids=(collection_id,), k=100)).hits
    assert hits


def test_a_failed_document_is_retried_from_its_stored_original(kitchen: Kitchen) -> None:
    collection_id = kitchen.collection("Retry")
    kitchen.upload(collection_id, {"empty.txt": "", "good.txt": "A spoon lies in the drawer."})
    failed = kitchen.documents(collection_id)["empty.txt"]
    with kitchen.application.database.begin() as work:
        # As if the bytes had been refused by mistake: the original is a good one.
        record = work.session.get_one(DocumentRecord, failed.id)
        record.content_hash = kitchen.application.adapters.blobs.put(b"A fork lies beside it.")
        work.commit()
    job = kitchen.finished(kitchen.ask(RetryDocument(document_id=failed.id)).job_id)
    assert (job.state, job.done, job.total) == (JobState.SUCCEEDED, 1, 1)
    retried = kitchen.ask(GetDocument(document_id=failed.id))
    assert (retried.state, retried.error, retried.searchable) == (DocumentState.INDEXED, None, True)
    kitchen.upload(collection_id, {"one.txt": "", "two.txt": " "})
    job = kitchen.finished(kitchen.ask(RetryFailedDocuments(collection_id=collection_id)).job_id)
    assert (job.state, job.total) == (JobState.SUCCEEDED, 2)
    again = kitchen.documents(collection_id)["one.txt"]
    assert again.state is DocumentState.FAILED
    assert again.error is not None
    assert again.error.attempts == 2


def test_the_old_version_is_searched_until_the_new_one_is_indexed(kitchen: Kitchen) -> None:
    collection_id = kitchen.collection("Versions")
    kitchen.upload(collection_id, {"recipe.txt": "Rhubarb needs a pound of sugar."})
    before = kitchen.documents(collection_id)["recipe.txt"]
    embedder = kitchen.embedder
    embedder.waiting.clear()
    embedder.gate.clear()
    added = kitchen.ask(
        AddDocuments(
            collection_id=collection_id,
            files=(UploadedFile(name="recipe.txt", content=b"Rhubarb needs no sugar at all."),),
        )
    )
    try:
        assert embedder.waiting.wait(20.0)
        meanwhile = kitchen.ask(GetDocument(document_id=before.id))
        assert (meanwhile.state, meanwhile.searchable) == (DocumentState.EMBEDDING, True)
        assert [hit.text for hit in kitchen.find("rhubarb sugar", collection_id).hits] == [
            "Rhubarb needs a pound of sugar."
        ]
        with pytest.raises(AppError) as caught:
            kitchen.ask(RetryDocument(document_id=before.id))
        assert caught.value.code == "conflict"
    finally:
        embedder.gate.set()
    kitchen.finished(added.job_id)
    assert added.items[0].document_id == before.id
    assert [hit.text for hit in kitchen.find("rhubarb sugar", collection_id).hits] == [
        "Rhubarb needs no sugar at all."
    ]


def test_a_new_version_that_cannot_be_read_leaves_the_old_one_searchable(kitchen: Kitchen) -> None:
    collection_id = kitchen.collection("Worse")
    kitchen.upload(collection_id, {"soup.txt": "Leek soup wants nutmeg."})
    kitchen.upload(collection_id, {"soup.txt": ""})
    document = kitchen.documents(collection_id)["soup.txt"]
    assert document.state is DocumentState.FAILED
    assert document.searchable
    assert kitchen.find("leek nutmeg", collection_id).hits


def test_unchanged_content_is_embedded_once(kitchen: Kitchen) -> None:
    first, second = kitchen.collection("First"), kitchen.collection("Second")
    files: dict[str, bytes | str] = {"only.md": "# Pantry\n\nFlour stands on the lowest shelf.\n"}
    kitchen.upload(first, files)
    embedded, vectors = len(kitchen.embedder.texts), kitchen.vectors()
    renamed: dict[str, bytes | str] = {"other.md": files["only.md"]}
    for collection_id, again in ((first, files), (second, files), (first, renamed), (second, renamed)):
        job = kitchen.upload(collection_id, again)
        assert job.state is JobState.SUCCEEDED
    assert len(kitchen.embedder.texts) == embedded
    assert kitchen.vectors() == vectors
    assert kitchen.documents(first).keys() == kitchen.documents(second).keys() == {"only.md", "other.md"}
    for collection_id in (first, second):
        (hit,) = kitchen.find("where is the flour", collection_id).hits
        assert len(hit.duplicates) == 1


def test_two_files_of_one_name_are_both_kept(kitchen: Kitchen) -> None:
    collection_id = kitchen.collection("Twins")
    files = tuple(
        UploadedFile(name=name, content=text)
        for name, text in (
            ("a.txt", b"One apple."),
            ("a.txt", b"Two pears."),
            ("a.txt", b"One apple."),
            ("README", b"Three figs."),
            ("README", b"Four dates."),
        )
    )
    added = kitchen.ask(AddDocuments(collection_id=collection_id, files=files))
    assert kitchen.finished(added.job_id).total == 4
    assert [item.name for item in added.items] == ["a.txt", "a (2).txt", "a.txt", "README", "README (2)"]
    texts = {
        name: [p.text for p in kitchen.ask(ListPassages(document_id=document.id)).items]
        for name, document in kitchen.documents(collection_id).items()
    }
    assert texts == {
        "a.txt": ["One apple."],
        "a (2).txt": ["Two pears."],
        "README": ["Three figs."],
        "README (2)": ["Four dates."],
    }


def test_a_cancelled_upload_leaves_no_document_waiting(kitchen: Kitchen) -> None:
    collection_id = kitchen.collection("Cancelled")
    embedder = kitchen.embedder
    embedder.waiting.clear()
    embedder.gate.clear()
    files = tuple(
        UploadedFile(name=f"{n}.txt", content=f"Jar number {n} of the cellar.".encode()) for n in range(40)
    )
    added = kitchen.ask(AddDocuments(collection_id=collection_id, files=files))
    try:
        assert embedder.waiting.wait(20.0)
        kitchen.ask(CancelJob(job_id=added.job_id))
        time.sleep(2.0)
    finally:
        embedder.gate.set()
    assert kitchen.finished(added.job_id).state is JobState.CANCELLED
    documents = wait_for(lambda: all_ended(kitchen.documents(collection_id)))
    left = [document.error for document in documents.values() if document.state is DocumentState.FAILED]
    assert left
    assert {error.code for error in left if error} == {"cancelled"}
    kitchen.finished(kitchen.ask(RetryFailedDocuments(collection_id=collection_id)).job_id)
    assert {d.state for d in kitchen.documents(collection_id).values()} == {DocumentState.INDEXED}
