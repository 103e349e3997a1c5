"""The documents that cannot be cut as the passages of an index are."""

from __future__ import annotations

from flask import request

from src.core.messages.collections import GetCollection
from src.core.messages.indexes import ListUncutDocuments
from src.web.pages.forms import message
from src.web.state import ask

from .blueprint import blueprint
from .views import page


@blueprint.get("/learning/collections/<collection_id>/uncut/<chunker>")
def uncut(collection_id: str, chunker: str) -> str:
    """The documents that cannot be cut in one way, and why."""
    cursor = request.args.get("cursor")
    asked = message(ListUncutDocuments, collection_id=collection_id, chunker=chunker, cursor=cursor)
    documents = ask(asked)
    collection = ask(message(GetCollection, collection_id=collection_id))
    return page("uncut", tab="models", collection=collection, chunker=chunker, documents=documents)
