"""Stored bytes and cached vectors go when nothing refers to them any more, and not before."""

from __future__ import annotations

import os
import time
from pathlib import Path

from sqlalchemy import func, select

from src.agents.indexing import IndexingAgent
from src.core.caller import Caller
from src.core.messages.collections import DeleteCollection
from src.core.messages.documents import DeleteDocument, ListDocuments
from src.database.models import VectorRecord
from src.services import registry
from tests.support.application import House


def sweep(house: House) -> None:
    (agent,) = (a for a in house.application.orchestrator.agents if isinstance(a, IndexingAgent))
    agent.sweep(house.application.orchestrator.context(Caller.agent(agent.name)))


def age(folder: Path, seconds: float) -> None:
    """Make every file below ``folder`` that much older."""
    then = time.time() - seconds
    for path in folder.rglob("*"):
        os.utime(path, (then, then))


def stored(folder: Path) -> set[bytes]:
    return {path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def vectors(house: House) -> int:
    with house.application.database.read() as work:
        return work.session.scalar(select(func.count()).select_from(VectorRecord)) or 0


def test_only_what_nothing_refers_to_is_swept(house: House) -> None:
    collection_id = house.collection()
    house.upload(collection_id, {"kept.md": "# Kept\n\nThis stays.\n", "gone.md": "# Gone\n\nThis goes.\n"})
    ids = {d.external_id: d.id for d in house.ask(ListDocuments(collection_id=collection_id)).items}
    blobs = house.application.settings.data_dir / "blobs"
    (blobs / "incoming" / "0123-killed").write_bytes(b"half a fi")
    house.ask(DeleteDocument(document_id=ids["gone.md"]))
    sweep(house)
    assert len(stored(blobs)) == 3  # what has come in a moment ago may be about to be used
    age(blobs, 2 * 86_400)
    sweep(house)
    assert stored(blobs) == {b"# Kept\n\nThis stays.\n"}
    assert vectors(house) == 1


def test_the_file_of_a_model_stays_as_long_as_its_record(house: House) -> None:
    collection_id = house.collection()
    application = house.application
    digest = application.adapters.blobs.put(b"a ranker")
    stray = application.adapters.blobs.put(b"nobody's")
    with application.database.begin() as work:
        registry.live_model(work, collection_id)
        registry.register(
            work,
            collection_id,
            kind="ranker",
            state="rejected",
            card={},
            by="ada",
            reason="Worse.",
            artefact=digest,
        )
        work.commit()
    age(application.settings.data_dir / "blobs", 7200)
    sweep(house)
    assert application.adapters.blobs.has(digest)
    assert not application.adapters.blobs.has(stray)
    house.ask(DeleteCollection(collection_id=collection_id))
    sweep(house)
    assert not application.adapters.blobs.has(digest)


def test_bytes_that_come_back_are_stored_again(house: House) -> None:
    collection_id = house.collection()
    note: dict[str, bytes | str] = {"note.md": "# Note\n\nHere again.\n"}
    house.upload(collection_id, note)
    (document,) = house.ask(ListDocuments(collection_id=collection_id)).items
    house.ask(DeleteDocument(document_id=document.id))
    blobs = house.application.settings.data_dir / "blobs"
    age(blobs, 7200)
    house.upload(collection_id, note)
    sweep(house)
    assert stored(blobs) == {b"# Note\n\nHere again.\n"}
