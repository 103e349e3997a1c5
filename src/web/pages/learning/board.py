"""The evaluation board: what each version reached on each set of questions."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request

from src.core.messages.models import Evaluation, GetModel, ListModels, ModelDetail
from src.web.pages.forms import message
from src.web.state import ask

from .blueprint import blueprint
from .views import collections_by_id, page

_VERSIONS = 12


@dataclass(frozen=True)
class Row:
    """One set of questions, with each version's latest evaluation on it; None where it was never asked."""

    name: str
    cells: tuple[Evaluation | None, ...]


@blueprint.get("/learning/board")
def board() -> str:
    """The newest versions of a collection side by side."""
    collections = collections_by_id()
    collection = request.args.get("collection") or next(iter(collections), "")
    listed = ask(message(ListModels, collection_id=collection, limit=_VERSIONS)).items if collection else ()
    models = [ask(GetModel(model_id=one.id)) for one in reversed(listed)]
    return page("board", collections=collections, collection=collection, models=models, rows=_rows(models))


def _rows(models: list[ModelDetail]) -> list[Row]:
    latest = [{found.name: found for found in model.evaluations} for model in models]
    names = dict.fromkeys(name for known in latest for name in known)
    return [Row(name, tuple(known.get(name) for known in latest)) for name in names]
