"""The repositories and folders that a collection is kept up to date with."""

from __future__ import annotations

from flask import Response, render_template, request, url_for

from src.core.messages.collections import GetCollection
from src.core.messages.sources import AddSource, DeleteSource, GetSource, ListSkipped, ListSources, SyncSource
from src.web.pages.forms import message, words
from src.web.pages.outcomes import done
from src.web.state import ask

from .blueprint import blueprint

_CHANGED = ("sources-changed", "work-changed")


@blueprint.get("/collections/<collection_id>/sources")
def list_sources(collection_id: str) -> str:
    """The sources with their last runs."""
    return render_template(
        "collections/_sources.html",
        collection=ask(message(GetCollection, collection_id=collection_id)),
        sources=ask(message(ListSources, collection_id=collection_id)).items,
    )


@blueprint.post("/collections/<collection_id>/sources")
def add_source(collection_id: str) -> Response:
    """Add a repository or a folder and read it."""
    form = request.form
    ask(
        message(
            AddSource,
            collection_id=collection_id,
            kind=form.get("kind"),
            location=form.get("location", "").strip(),
            branch=form.get("branch", "").strip(),
            include=words(form.get("include", "")),
            exclude=words(form.get("exclude", "")),
            schedule=form.get("schedule", "").strip(),
            credential=form.get("credential"),
        )
    )
    return done("The source was added and is being read.", to=_page(collection_id), refresh=_CHANGED)


@blueprint.post("/collections/<collection_id>/sources/<source_id>/sync")
def sync(collection_id: str, source_id: str) -> Response:
    """Bring the source up to date."""
    ask(message(SyncSource, source_id=source_id))
    return done("The source is being read.", to=_page(collection_id), refresh=_CHANGED)


@blueprint.post("/collections/<collection_id>/sources/<source_id>/delete")
def delete_source(collection_id: str, source_id: str) -> Response:
    """Remove the source and its documents."""
    ask(message(DeleteSource, source_id=source_id))
    return done(
        "The source and its documents were removed.",
        to=_page(collection_id),
        refresh=(*_CHANGED, "documents-changed"),
    )


@blueprint.get("/collections/<collection_id>/sources/<source_id>/skipped")
def skipped(collection_id: str, source_id: str) -> str:
    """The files that the last run left out, and why."""
    return render_template(
        "collections/_skipped.html",
        collection_id=collection_id,
        source=ask(message(GetSource, source_id=source_id)),
        page=ask(message(ListSkipped, source_id=source_id, limit=50, cursor=request.args.get("cursor"))),
    )


def _page(collection_id: str) -> str:
    return url_for("collections.show", collection_id=collection_id)
