"""What can be done to a collection: files and lines into it, retries, settings, its end."""

from __future__ import annotations

from flask import Response, make_response, render_template, request, url_for

from src.core.errors import FieldProblem, InvalidRequestError
from src.core.messages.collections import DeleteCollection, GetCollection, UpdateCollection
from src.core.messages.documents import (
    AddDocuments,
    ImportDocuments,
    RetryFailedDocuments,
    UploadedFile,
)
from src.core.messages.jobs import CancelJob
from src.web.display import plural
from src.web.pages.forms import message
from src.web.pages.outcomes import by_script, done, moved
from src.web.state import ask

from .blueprint import blueprint

_CHANGED = ("documents-changed", "work-changed")


@blueprint.post("/collections/<collection_id>/files")
def add_files(collection_id: str) -> Response:
    """Store the files of the form and queue them."""
    files = [
        UploadedFile(name=file.filename or "", media_type=_declared(file.mimetype), content=file.read())
        for file in request.files.getlist("files")
        if file.filename
    ]
    if not files:
        raise InvalidRequestError(
            "Choose at least one file.", fields=(FieldProblem("files", "none was sent"),)
        )
    accepted = ask(message(AddDocuments, collection_id=collection_id, files=tuple(files)))
    count = len(accepted.items)
    return done(f"{plural(count, 'file')} taken.", to=_page(collection_id), refresh=_CHANGED)


@blueprint.post("/collections/<collection_id>/import")
def import_lines(collection_id: str) -> Response:
    """Take documents given as lines of JSON; the lines that were not taken are listed."""
    file = request.files.get("lines")
    body = file.read() if file and file.filename else request.form.get("text", "").encode()
    if not body.strip():
        raise InvalidRequestError(
            "Choose a file, or paste lines.", fields=(FieldProblem("lines", "none were sent"),)
        )
    outcome = ask(message(ImportDocuments, collection_id=collection_id, body=body))
    template = "collections/_imported.html" if by_script() else "collections/imported.html"
    page = render_template(template, active="collections", outcome=outcome, back=_page(collection_id))
    response = make_response(page)
    response.headers["HX-Trigger"] = ", ".join(_CHANGED)
    return response


@blueprint.post("/collections/<collection_id>/retry-failed")
def retry_failed(collection_id: str) -> Response:
    """Ingest every failed document again."""
    ask(message(RetryFailedDocuments, collection_id=collection_id))
    return done("The failed documents are in the queue again.", to=_page(collection_id), refresh=_CHANGED)


@blueprint.post("/collections/<collection_id>/jobs/<job_id>/cancel")
def cancel_job(collection_id: str, job_id: str) -> Response:
    """Ask a job to stop."""
    ask(message(CancelJob, job_id=job_id))
    return done("The job stops at its next safe point.", to=_page(collection_id), refresh=("work-changed",))


@blueprint.post("/collections/<collection_id>/settings")
def change(collection_id: str) -> Response:
    """Name, description and who may read it."""
    ask(
        message(
            UpdateCollection,
            keep=("description",),
            collection_id=collection_id,
            name=request.form.get("name"),
            description=request.form.get("description", ""),
            visibility=request.form.get("visibility"),
        )
    )
    return moved(_page(collection_id), "The collection was changed.")


@blueprint.post("/collections/<collection_id>/delete")
def delete(collection_id: str) -> Response:
    """Delete the collection; its name must be typed."""
    collection = ask(message(GetCollection, collection_id=collection_id))
    if request.form.get("name", "").strip() != collection.name:
        wrong = FieldProblem("name", f"type “{collection.name}”")
        raise InvalidRequestError("The name does not match, so nothing was deleted.", fields=(wrong,))
    ask(DeleteCollection(collection_id=collection.id))
    return moved(url_for("collections.index"), f"“{collection.name}” was deleted.")


def _page(collection_id: str) -> str:
    return url_for("collections.show", collection_id=collection_id)


def _declared(media_type: str | None) -> str | None:
    """What the browser says of a file, where it says anything."""
    return None if media_type in (None, "", "application/octet-stream") else media_type
