"""What a model would show for a question, beside what is shown now."""

from __future__ import annotations

from collections.abc import Sequence

from flask import request

from src.core.messages.models import GetModel, ListModels, Model, ModelRole, ModelState
from src.core.messages.questions import Search, SearchResults
from src.web.pages.forms import message
from src.web.state import ask

from .blueprint import blueprint
from .views import chosen_of, collections_by_id, page

_SHOWN = 10


@blueprint.get("/learning/replay")
def replay() -> str:
    """What a model would show for a question, beside what is shown now."""
    collections = collections_by_id()
    query, collection = request.args.get("q", "").strip(), chosen_of(collections)
    chosen = request.args.get("model", "")
    ranking = message(ListModels, collection_id=collection, role=ModelRole.RANKING)
    choices = ask(ranking).items if collection else ()
    live = next((one for one in choices if one.state is ModelState.LIVE), None)
    tried = _tried(chosen, choices, live) if collection else None
    now = then = None
    if query and tried:
        now = _replayed(query, collection, live.id if live else None)
        then = _replayed(query, collection, tried.id)
    return page(
        "replay",
        tab="models",
        q=query,
        collection=collection,
        live=live,
        tried=tried,
        choices=choices,
        passage=request.args.get("passage", ""),
        now=now,
        then=then,
        collections=collections,
    )


def _tried(chosen: str, choices: Sequence[Model], live: Model | None) -> Model | None:
    """The model that was asked for; unasked, the newest that does not rank already."""
    if not chosen:
        return next((one for one in choices if one is not live), live)
    return next((one for one in choices if one.id == chosen), None) or ask(message(GetModel, model_id=chosen))


def _replayed(query: str, collection: str, model_id: str | None) -> SearchResults:
    return ask(message(Search, query=query, collection_ids=(collection,), k=_SHOWN, model_id=model_id))
