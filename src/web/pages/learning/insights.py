"""Why questions fail, and what could be done about it."""

from __future__ import annotations

from flask import Response, request, url_for

from src.core.messages.insights import ListInsights, RefreshInsights
from src.web.pages.forms import message
from src.web.pages.outcomes import moved
from src.web.state import ask

from .blueprint import blueprint
from .views import collections_by_id, page
from .wording import CAUSES

PLACES = {
    "collection": ("collections.show", "collection_id"),
    "document": ("documents.show", "document_id"),
}
"""Where the page of a concern is, and by which parameter."""


@blueprint.get("/learning/insights")
def insights() -> str:
    """The groups of failing questions of the collections that the reader may change."""
    collection = request.args.get("collection", "")
    found = ask(message(ListInsights, collection_id=collection))
    return page(
        "insights",
        insights=found.items,
        collections=collections_by_id(),
        collection=collection,
        places=PLACES,
        causes=CAUSES,
    )


@blueprint.post("/learning/insights")
def refresh() -> Response:
    """Analyse now."""
    collection = request.form.get("collection", "")
    ask(message(RefreshInsights, collection_id=collection))
    return moved(
        url_for("learning.insights", collection=collection or None),
        "The failing questions are being looked at.",
    )
