"""The indexes of a collection: which one is searched, switching to another one, and back."""

from __future__ import annotations

from flask import Response, url_for

from src.core.messages.indexes import IndexVersions, ListIndexVersions, RebuildIndexes, ReturnIndex
from src.web.pages.forms import message
from src.web.pages.outcomes import moved
from src.web.state import ask, caller

from .blueprint import blueprint


def indexes_of(collection_id: str) -> IndexVersions | None:
    """None for those who do not administer, and where no collection is chosen."""
    if not collection_id or not caller().administers:
        return None
    return ask(message(ListIndexVersions, collection_id=collection_id))


@blueprint.post("/learning/collections/<collection_id>/indexes/<index_id>/search")
def search_index(collection_id: str, index_id: str) -> Response:
    """Search another index, which is on standby, from now on."""
    ask(message(ReturnIndex, collection_id=collection_id, index_id=index_id))
    return moved(url_for("learning.models", collection=collection_id), "That index is searched from now on.")


@blueprint.post("/learning/collections/<collection_id>/indexes/configured")
def build_configured(collection_id: str) -> Response:
    """Build an index with the configured model beside the live one, and search it when it is whole."""
    ask(message(RebuildIndexes, collection_id=collection_id, embedding_version="configured"))
    return moved(url_for("learning.models", collection=collection_id), "The index is being built.")
