"""The form that begins a comparison of two rankings, and what is said before its start."""

from __future__ import annotations

from flask import Response, request, url_for

from src.core.errors import ForbiddenError
from src.core.messages.collections import GetCollection
from src.core.messages.experiments import Method, PlanExperiment, StartExperiment, Weights
from src.core.messages.models import ListModels, ModelRole, ModelState
from src.web.pages.forms import message
from src.web.pages.outcomes import moved
from src.web.state import ask

from .blueprint import blueprint
from .comparison import running_in, share_of
from .titles import TITLES
from .views import page

_TRIABLE = (ModelState.GATED, ModelState.CANDIDATE, ModelState.RETIRED)
"""What may be tried, in the order in which it is offered."""


@blueprint.get("/learning/collections/<collection_id>/try")
def try_ranking(collection_id: str) -> str:
    """The form: which ranking readers are to meet beside the live one."""
    collection = ask(message(GetCollection, collection_id=collection_id))
    if not collection.may_write:
        raise ForbiddenError("Only those who may change a collection compare rankings in it.")
    models = ask(ListModels(collection_id=collection_id, role=ModelRole.RANKING, limit=500)).items
    return page(
        "try",
        tab="experiments",
        collection=collection,
        live=next((one for one in models if one.state is ModelState.LIVE), None),
        choices=[one for state in _TRIABLE for one in models if one.state is state],
        chosen=request.args.get("model", ""),
        usual=Weights(),
        plan=ask(PlanExperiment(collection_id=collection_id)),
        running=running_in(collection_id, Method.INTERLEAVING),
        titles=TITLES,
    )


@blueprint.post("/learning/collections/<collection_id>/experiments")
def start(collection_id: str) -> Response:
    """Try a model, or the live one with other weights, against the live one; or that against itself."""
    form = request.form
    same = form.get("aa") == "1"
    weights = {name: form[name] for name in Weights.model_fields if form.get(name, "").strip()}
    made = ask(
        message(
            StartExperiment,
            collection_id=collection_id,
            aa=same,
            model_id=None if same else form.get("model"),
            weights=None if same else weights or None,
            share=share_of(form.get("percent", "")),
        )
    )
    return moved(url_for("learning.experiment", experiment_id=made.id), "The comparison has begun.")
