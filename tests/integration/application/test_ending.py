"""The end of a process in the middle of its work, and the next one on the same folder."""

from __future__ import annotations

import io
import time
import zipfile
from pathlib import Path

import docx

from src.core.messages.documents import AddDocuments, Document, ListDocuments, UploadedFile
from tests.support.application import House, make_settings, running, wait_for

EMPTY = 400_000
"""Empty paragraphs, which take seconds to look at and make no passages."""


def slow_document() -> bytes:
    plain, slow = io.BytesIO(), io.BytesIO()
    document = docx.Document()
    document.add_paragraph("The ferry leaves at dawn.")
    document.save(plain)
    with zipfile.ZipFile(plain) as read, zipfile.ZipFile(slow, "w", zipfile.ZIP_DEFLATED) as written:
        for name in read.namelist():
            content = read.read(name)
            if name == "word/document.xml":
                content = content.replace(b"</w:p>", b"</w:p>" + b"<w:p/>" * EMPTY, 1)
            written.writestr(name, content)
    return slow.getvalue()


def test_a_document_that_is_being_read_when_the_process_ends_is_read_by_the_next(tmp_path: Path) -> None:
    settings = make_settings(tmp_path / "data", job_lease_s=600.0)
    with running(settings) as application:
        house = House(application)
        collection_id = house.collection()
        files = (UploadedFile(name="slow.docx", content=slow_document()),)
        added = house.ask(AddDocuments(collection_id=collection_id, files=files))
        wait_for(lambda: document(house, collection_id).state == "parsing")
        time.sleep(0.5)
        application.drain(0.1)
        application.close()
    with running(settings, worker=False) as application:
        house = House(application)
        left = document(house, collection_id)
        assert (left.state, left.error, left.searchable) == ("parsing", None, False)
    with running(settings) as application:
        house = House(application)
        # At once, and not when the lease of the process that ended has run out.
        job = house.finished(added.job_id)
        assert (job.state, job.error) == ("succeeded", None)
        assert document(house, collection_id).state == "indexed"


def document(house: House, collection_id: str) -> Document:
    (found,) = house.ask(ListDocuments(collection_id=collection_id)).items
    return found
