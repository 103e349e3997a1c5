"""What the pages of collections show."""

from __future__ import annotations

from flask import Response, make_response, render_template, request, url_for

from src.core.errors import AppError
from src.core.jobs import JobState
from src.core.messages.base import Page
from src.core.messages.collections import (
    Collection,
    CreateCollection,
    GetCollection,
    ListCollections,
    Visibility,
)
from src.core.messages.documents import Document, DocumentState, ListDocuments
from src.core.messages.jobs import Job, ListJobs
from src.core.messages.sources import ListSources
from src.web.pages.forms import field_errors, message
from src.web.pages.outcomes import moved
from src.web.problems import problem_of
from src.web.state import ask, caller, correlation_id

from .blueprint import blueprint
from .members import members_of

_ACTIVE = frozenset({JobState.QUEUED, JobState.RUNNING})


@blueprint.get("/collections")
def index() -> str:
    """All collections that the reader may see, with a form for a new one."""
    return _index()


@blueprint.post("/collections")
def create() -> Response:
    """Make a collection and go there."""
    try:
        made = ask(
            message(
                CreateCollection,
                name=request.form.get("name"),
                description=request.form.get("description"),
                visibility=request.form.get("visibility"),
            )
        )
    except AppError as error:
        if error.status >= 500:
            raise
        return make_response(_index(error), error.status)
    return moved(url_for("collections.show", collection_id=made.id))


@blueprint.get("/collections/<collection_id>")
def show(collection_id: str) -> str:
    """One collection: progress, sources, documents, settings."""
    collection = ask(message(GetCollection, collection_id=collection_id))
    return render_template(
        "collections/show.html",
        active="collections",
        collection=collection,
        visibilities=list(Visibility),
        members=members_of(collection),
        sources=ask(ListSources(collection_id=collection.id)).items,
        page=_documents(collection),
        filters=_filters(),
        **_live(collection),
    )


@blueprint.get("/collections/<collection_id>/live")
def live(collection_id: str) -> Response:
    """The counts and the running jobs; the rest of the page is told when it should look again."""
    collection = ask(message(GetCollection, collection_id=collection_id))
    shown = _live(collection)
    response = make_response(render_template("collections/_live.html", collection=collection, **shown))
    changed = [
        name
        for name, mark in (("documents-changed", "counts_mark"), ("sources-changed", "jobs_mark"))
        if request.args.get(mark) not in (None, shown[mark])
    ]
    if changed:
        response.headers["HX-Trigger"] = ", ".join(changed)
    return response


@blueprint.get("/collections/<collection_id>/documents")
def documents(collection_id: str) -> str:
    """The table of documents, filtered; a page of it where a cursor is given."""
    collection = ask(message(GetCollection, collection_id=collection_id))
    return render_template(
        "collections/_documents.html",
        collection=collection,
        page=_documents(collection),
        filters=_filters(),
    )


def _index(error: AppError | None = None) -> str:
    return render_template(
        "collections/index.html",
        active="collections",
        collections=ask(ListCollections(limit=200)).items,
        visibilities=list(Visibility),
        problem=problem_of(error, correlation_id()) if error else None,
        errors=field_errors(error) if error else {},
        may_create=caller().may_create,
        form=request.form,
    )


def _filters() -> dict[str, str]:
    return {name: request.args[name] for name in ("state", "source", "text") if request.args.get(name)}


def _documents(collection: Collection) -> Page[Document]:
    state = request.args.get("state", "")
    return ask(
        message(
            ListDocuments,
            collection_id=collection.id,
            state=state if state in set(DocumentState) else None,
            source_id=request.args.get("source"),
            text=request.args.get("text"),
            cursor=request.args.get("cursor"),
        )
    )


def _live(collection: Collection) -> dict[str, str | list[Job] | Job | None]:
    jobs = ask(ListJobs(collection_id=collection.id, limit=20)).items
    active = [job for job in jobs if job.state in _ACTIVE]
    failed = jobs[0] if jobs and jobs[0].state is JobState.FAILED else None
    return {
        "jobs": active,
        "failed_job": failed,
        "counts_mark": ".".join(f"{state}{count}" for state, count in sorted(collection.documents.items())),
        "jobs_mark": ".".join(job.id + job.state for job in active) or "none",
    }
