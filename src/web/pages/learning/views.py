"""The loop at a glance, and the models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import render_template, request

from src.core.messages.base import Request
from src.core.messages.collections import Collection, ListCollections
from src.core.messages.learning import LearningOverview, OverviewLearning
from src.core.messages.models import GetModel, ListModels, ModelDetail, ModelRole, ModelState
from src.services.ranking.wording import FEATURES
from src.web.pages.forms import message
from src.web.state import ask, caller

from .blueprint import blueprint
from .indexes import indexes_of
from .loop import quiet, steps
from .measured import change_of
from .titles import in_words
from .wording import DECISIONS, KINDS, TRAINERS


@blueprint.get("/learning")
def index() -> str:
    """The loop of each collection where something goes on as one picture, most votes first; an empty one
    only where there is no other."""
    overviews = ask(message(OverviewLearning, cursor=request.args.get("cursor")))
    told = sorted(overviews.items, key=lambda one: (quiet(one), -(one.votes.up + one.votes.down)))
    busy = [one for one in told if not quiet(one)] or told[:1]
    return page(
        "overview",
        loops=[(one, steps(one), _promoted(one)) for one in busy],
        resting=told[len(busy) :],
        next=overviews.next,
    )


@blueprint.get("/learning/models")
def models() -> str:
    """The models of a collection, or of all, and for those who administer the collection's indexes."""
    collections = collections_by_id()
    chosen = chosen_of(collections)
    indexes = indexes_of(chosen if chosen in collections else "")
    return listing("models", ListModels, states=list(ModelState), indexes=indexes)


@blueprint.get("/learning/models/<model_id>")
def model(model_id: str) -> str:
    """One model: what it is made of, how it was measured, and how it changed places."""
    found = ask(message(GetModel, model_id=model_id))
    parent = ask(GetModel(model_id=found.parent_id)) if found.parent_id else None
    return page(
        "model",
        tab="models",
        model=found,
        parent=parent,
        settings=in_words(found.card) if found.role is ModelRole.ANSWERING else [],
        evaluations=[(one, change_of(one)) for one in found.evaluations],
        features=FEATURES,
        weights=_weights(found.card.get("weights") or {}),
        figures=figure_rows(found.card.get("figures") or {}),
        collections=collections_by_id(),
    )


def _promoted(overview: LearningOverview) -> ModelDetail | None:
    """The model that ranks, where it is one that was promoted."""
    if overview.live_id is None or overview.live_version == 1:
        return None
    return ask(GetModel(model_id=overview.live_id))


def _weights(weights: dict[str, float]) -> list[tuple[str, float, float]]:
    """Each weight with its share of the largest in percent, the strongest first; what rounds to 0 is left
    out."""
    largest = max(map(abs, weights.values()), default=0.0)
    told = [(name, value) for name, value in weights.items() if abs(value) >= 0.0005]
    told.sort(key=lambda item: -abs(item[1]))
    return [(name, value, round(100 * value / largest, 1)) for name, value in told]


def figure_rows(figures: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Each change with its interval: against what, on which questions, and the numbers."""
    rows = []
    for key, against in (("against_default", "the default"), ("against_memory", "the default with memory")):
        for part, measured in (figures.get(key) or {}).items():
            if measured.get("questions"):
                rows.append((against, part, measured))
    return rows


def listing(name: str, kind: type[Request[Any]], *, tab: str | None = None, **shown: object) -> str:
    """A page of what a request lists, under the name of the page; what the address asks for narrows it."""
    asked = {"collection_id": "collection", "state": "state", "cursor": "cursor"}
    collections = collections_by_id()
    fields: dict[str, Any] = {
        field: request.args.get(arg) for field, arg in asked.items() if field in kind.model_fields
    }
    return page(
        name,
        tab=tab,
        collections=collections,
        collection=chosen_of(collections),
        state=request.args.get("state", ""),
        **{name: ask(message(kind, **fields))},
        **shown,
    )


def chosen_of(collections: Mapping[str, Collection]) -> str:
    """The collection that the address asks for, or the only one there is; empty for all of them."""
    only = next(iter(collections)) if len(collections) == 1 else ""
    return request.args.get("collection") or only


def collections_by_id() -> dict[str, Collection]:
    """The collections that the reader may see."""
    return {one.id: one for one in ask(ListCollections(limit=500)).items}


def page(template: str, *, tab: str | None = None, **shown: object) -> str:
    """A page of this family, with its tab lit."""
    return render_template(
        f"learning/{template}.html",
        active="learning",
        tab=tab or template,
        administers=caller().administers,
        kinds=KINDS,
        decisions=DECISIONS,
        trainers=TRAINERS,
        **shown,
    )
