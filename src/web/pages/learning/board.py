"""The evaluation board: what each version reached on each set of questions, and the golden sets."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, request, url_for

from src.core.messages.collections import GetCollection
from src.core.messages.golden import (
    AcceptGoldenQuestion,
    DeleteGoldenQuestion,
    DeleteGoldenSet,
    ListGoldenQuestions,
    ListGoldenSets,
)
from src.core.messages.models import Evaluation, GetModel, ListModels, ModelDetail, ModelRole
from src.web.pages.forms import message
from src.web.pages.outcomes import moved
from src.web.state import ask

from .blueprint import blueprint
from .measured import Change, change_of
from .views import collections_by_id, page

_VERSIONS = 12


@dataclass(frozen=True)
class Row:
    """A version with its latest evaluation on each set of questions; None where it was not measured on it."""

    model: ModelDetail
    cells: tuple[tuple[Evaluation, Change | None] | None, ...]


@blueprint.get("/learning/board")
def board() -> str:
    """The newest versions of a collection that were measured, on each set."""
    collections = collections_by_id()
    collection = request.args.get("collection") or next(iter(collections), "")
    newest = message(ListModels, collection_id=collection, role=ModelRole.RANKING, limit=_VERSIONS)
    listed = ask(newest).items if collection else ()
    models = [ask(GetModel(model_id=one.id)) for one in listed]
    names = dict.fromkeys(found.name for model in models for found in model.evaluations)
    return page(
        "board",
        collections=collections,
        collection=collection,
        names=list(names),
        rows=[_row(model, names) for model in models if model.evaluations],
        golden=ask(message(ListGoldenSets, collection_id=collection)).items if collection else (),
    )


@blueprint.post("/learning/collections/<collection_id>/golden")
def accept(collection_id: str) -> Response:
    """Take the question of an up-vote into the golden set of accepted ones."""
    made = ask(
        message(AcceptGoldenQuestion, collection_id=collection_id, rating_id=request.form.get("rating"))
    )
    return moved(
        url_for("learning.board", collection=collection_id),
        f"The question is in the golden set “{made.name}” now.",
    )


@blueprint.post("/learning/collections/<collection_id>/golden/<set_id>/delete")
def delete_golden(collection_id: str, set_id: str) -> Response:
    """Remove a golden set."""
    ask(message(DeleteGoldenSet, set_id=set_id))
    return moved(url_for("learning.board", collection=collection_id), "The golden set is removed.")


@blueprint.get("/learning/collections/<collection_id>/golden/<set_id>")
def golden(collection_id: str, set_id: str) -> str:
    """The questions of a golden set, each with the documents that are right."""
    asked = message(ListGoldenQuestions, set_id=set_id, cursor=request.args.get("cursor"))
    sets = ask(message(ListGoldenSets, collection_id=collection_id)).items
    return page(
        "golden",
        tab="board",
        collection=ask(message(GetCollection, collection_id=collection_id)),
        set_id=set_id,
        name=next((one.name for one in sets if one.id == set_id), ""),
        questions=ask(asked),
    )


@blueprint.post("/learning/collections/<collection_id>/golden/<set_id>/<question_id>/delete")
def delete_golden_question(collection_id: str, set_id: str, question_id: str) -> Response:
    """Take a question out of a golden set."""
    ask(message(DeleteGoldenQuestion, set_id=set_id, question_id=question_id))
    back = url_for("learning.golden", collection_id=collection_id, set_id=set_id)
    return moved(back, "The question is golden no more.")


def _row(model: ModelDetail, names: dict[str, None]) -> Row:
    latest = {found.name: found for found in model.evaluations}
    return Row(
        model,
        tuple((latest[name], change_of(latest[name])) if name in latest else None for name in names),
    )
