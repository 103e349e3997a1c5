"""Comparisons of ways to answer: what each arm has shown, and the form that begins one."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Response, request, url_for

from src.core.errors import FieldProblem, ForbiddenError, InvalidRequestError
from src.core.messages.answering import Rewriting, Template
from src.core.messages.collections import GetCollection
from src.core.messages.experiments import (
    Arm,
    Experiment,
    ExperimentState,
    ListExperiments,
    Method,
    PlanExperiment,
    StartExperiment,
)
from src.core.messages.models import GetModel, ListModels, ModelRole, ModelState
from src.core.messages.questions import Style
from src.web.pages.forms import message
from src.web.pages.outcomes import moved
from src.web.state import ask

from .blueprint import blueprint
from .charts import Chart, Series, chart
from .titles import TITLES, in_words
from .views import collections_by_id, page


def comparison(found: Experiment) -> str:
    """The page of one comparison."""
    control = ask(GetModel(model_id=found.control_id))
    treatment = ask(GetModel(model_id=found.treatment_id))
    return page(
        "comparison",
        tab="experiments",
        experiment=found,
        title=TITLES[found.method][found.purpose],
        models={"control": control, "treatment": treatment},
        settings={"control": in_words(control.card), "treatment": in_words(treatment.card)},
        rates=_rates(found.arms),
        collections=collections_by_id(),
    )


@blueprint.get("/learning/collections/<collection_id>/compare")
def compare(collection_id: str) -> str:
    """The form: what to change, on top of what is live."""
    collection = ask(message(GetCollection, collection_id=collection_id))
    if not collection.may_write:
        raise ForbiddenError("Only those who may change a collection compare ways to answer in it.")
    models = ask(ListModels(collection_id=collection_id, role=ModelRole.ANSWERING, limit=500)).items
    live = next((one for one in models if one.state is ModelState.LIVE), None)
    return page(
        "compare",
        tab="experiments",
        collection=collection,
        live=live,
        earlier=[one for one in models if one.state is ModelState.RETIRED],
        chosen=request.args.get("model", ""),
        plan=ask(PlanExperiment(collection_id=collection_id, method=Method.AB)),
        running=running_in(collection_id, Method.AB),
        titles=TITLES,
        settings=in_words(live.card) if live else [],
        templates=list(Template),
        styles=list(Style),
        rewritings=list(Rewriting),
    )


def running_in(collection_id: str, method: Method) -> Experiment | None:
    """The comparison of this kind that runs in the collection, to be told before another one is begun."""
    asked = message(ListExperiments, collection_id=collection_id, state=ExperimentState.RUNNING)
    return next((one for one in ask(asked).items if one.method is method), None)


@blueprint.post("/learning/collections/<collection_id>/compare")
def compare_now(collection_id: str) -> Response:
    """Begin a comparison, of what the form names or of the same with itself."""
    form = request.form
    same = form.get("aa") == "1"
    try:
        asked = message(
            StartExperiment,
            collection_id=collection_id,
            method=Method.AB,
            aa=same,
            variant=None if same else variant_of(form) or None,
            model_id=None if same else form.get("version"),
            share=share_of(form.get("percent", "")),
        )
    except InvalidRequestError as error:
        raise _as_in_the_form(error) from None
    made = ask(asked)
    return moved(url_for("learning.experiment", experiment_id=made.id), "The comparison has begun.")


def variant_of(form: Mapping[str, str]) -> list[dict[str, str]]:
    """The settings that a form names by fields ``kind.field``; an empty field leaves its setting as it is."""
    named: dict[str, dict[str, str]] = {}
    for name, value in form.items():
        kind, dot, field = name.partition(".")
        if dot and value.strip():
            named.setdefault(kind, {"kind": kind})[field] = value
    return list(named.values())


def _as_in_the_form(error: InvalidRequestError) -> InvalidRequestError:
    """What is wrong with each setting, by its name and not by where it stands in the message."""
    fields = tuple(
        FieldProblem(" ".join(bad.field.split(".")[2:]), bad.detail)
        for bad in error.fields
        if bad.field.startswith("variant.")
    )
    return InvalidRequestError("Not every setting can be so.", fields=fields) if fields else error


def share_of(percent: str) -> str | float | None:
    """A share of a percentage; what is no number is left for the message to refuse."""
    try:
        return float(percent) / 100 if percent.strip() else None
    except ValueError:
        return percent


def _rates(arms: tuple[Arm, ...]) -> Chart | None:
    """Both arms' rates with their intervals, over the ratings that there were."""
    return chart(
        [
            Series(
                arm.name,
                [(float(point.ratings), point.rate) for point in arm.course],
                low=[point.lower for point in arm.course],
                high=[point.upper for point in arm.course],
            )
            for arm in arms
        ],
        digits=2,
    )
