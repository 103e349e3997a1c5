"""A document: its text with a passage marked, its passages, its state."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, render_template, request, url_for

from src.core.errors import AppError
from src.core.messages.collections import GetCollection
from src.core.messages.documents import (
    DeleteDocument,
    DocumentText,
    GetDocument,
    ListPassages,
    ReadDocument,
    RetryDocument,
)
from src.web.pages.forms import message
from src.web.pages.gate import signed_in_only
from src.web.pages.outcomes import done, moved
from src.web.problems import Problem, problem_of
from src.web.state import ask, correlation_id

from .viewer import View, is_binary, view_of

blueprint = Blueprint(
    "documents",
    __name__,
    template_folder="templates",
    static_folder="static",
    static_url_path="/assets/documents",
)
signed_in_only(blueprint)


@blueprint.get("/documents/<document_id>")
def show(document_id: str) -> str:
    """The whole text with the lines of one passage marked; of the cited version where an answer asks."""
    document = ask(message(GetDocument, document_id=document_id))
    text, problem = _read(document_id)
    view: View | None = view_of(text, request.args.get("from", type=int)) if text else None
    return render_template(
        "documents/show.html",
        active="collections",
        document=document,
        collection=ask(GetCollection(collection_id=document.collection_id)),
        text=text,
        view=view,
        problem=problem,
        back=_answer_it_came_from(),
        window=lambda start: _window(document_id, start),
    )


@blueprint.get("/documents/<document_id>/state")
def state(document_id: str) -> Response:
    """The document's state, fetched again while it moves; at its end the whole page is."""
    document = ask(message(GetDocument, document_id=document_id))
    collection = ask(GetCollection(collection_id=document.collection_id))
    part = render_template("documents/_state.html", document=document, collection=collection)
    return Response(part, headers={"HX-Refresh": "true"} if document.state.final else {})


@blueprint.get("/documents/<document_id>/passages")
def passages(document_id: str) -> str:
    """The passages in reading order, a page at a time."""
    page = ask(message(ListPassages, document_id=document_id, limit=50, cursor=request.args.get("cursor")))
    return render_template("documents/_passages.html", document_id=document_id, page=page)


@blueprint.post("/documents/<document_id>/retry")
def retry(document_id: str) -> Response:
    """Ingest the document again."""
    ask(message(RetryDocument, document_id=document_id))
    return done(
        "The document is in the queue again.",
        to=url_for("documents.show", document_id=document_id),
        refresh=("documents-changed", "work-changed"),
    )


@blueprint.post("/documents/<document_id>/delete")
def delete(document_id: str) -> Response:
    """Remove the document; its collection is shown then."""
    document = ask(message(GetDocument, document_id=document_id))
    ask(DeleteDocument(document_id=document.id))
    return moved(
        url_for("collections.show", collection_id=document.collection_id),
        f"“{document.title or document.external_id}” was deleted.",
    )


def _read(document_id: str) -> tuple[DocumentText | None, Problem | None]:
    """The text, and what is wrong with it: a document may be waiting or unreadable, and the passage
    that was asked for may be gone from it."""
    place = {"passage_id": "passage", "answer_id": "answer", "marker": "marker"}
    given = request.args
    wanted: dict[str, Any] = {field: given[name] for field, name in place.items() if given.get(name)}
    problem = None
    for values in (wanted, {}) if wanted else ({},):
        try:
            text = ask(message(ReadDocument, document_id=document_id, **values))
        except AppError as error:
            problem = problem or problem_of(error, correlation_id())
        else:
            return (None if is_binary(text.text) else text), problem
    return None, problem


def _window(document_id: str, start: int) -> str:
    """The address of this page from line ``start`` on, with the same lines marked."""
    kept = [(name, request.args[name]) for name in ("passage", "answer", "marker") if name in request.args]
    return f"{url_for('documents.show', document_id=document_id)}?{urlencode([('from', start), *kept])}"


def _answer_it_came_from() -> str | None:
    answer_id = request.args.get("answer")
    return url_for("ask.show", answer_id=answer_id) if answer_id else None
