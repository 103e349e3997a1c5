"""Live comparisons: what runs, what it has shown so far, and the button to stop."""

from __future__ import annotations

from typing import Any

from flask import Response, request, url_for

from src.core.messages.experiments import (
    Experiment,
    ExperimentState,
    GetExperiment,
    ListExperiments,
    Method,
    Purpose,
    StopExperiment,
)
from src.core.messages.models import GetModel
from src.web.pages.forms import message
from src.web.pages.outcomes import moved
from src.web.state import ask

from .blueprint import blueprint
from .charts import Chart, Series, chart
from .comparison import comparison
from .titles import TITLES
from .views import collections_by_id, listing, page


@blueprint.get("/learning/experiments")
def experiments() -> str:
    """The comparisons of a collection, or of all."""
    return listing("experiments", ListExperiments, states=list(ExperimentState), titles=TITLES)


@blueprint.get("/learning/experiments/<experiment_id>")
def experiment(experiment_id: str) -> str:
    """One comparison: its rule, its looks, and how much is still needed."""
    found = ask(message(GetExperiment, experiment_id=experiment_id))
    if found.method is Method.AB:
        return comparison(found)
    return page(
        "experiment",
        tab="experiments",
        experiment=found,
        control=ask(GetModel(model_id=found.control_id)),
        treatment=ask(GetModel(model_id=found.treatment_id)),
        gains=_gains(found),
        now=_now(found),
        title=TITLES[found.method][found.purpose],
        collections=collections_by_id(),
    )


@blueprint.post("/learning/experiments/<experiment_id>/stop")
def stop(experiment_id: str) -> Response:
    """End a comparison now."""
    ask(message(StopExperiment, experiment_id=experiment_id, reason=request.form.get("reason")))
    return moved(
        url_for("learning.experiment", experiment_id=experiment_id),
        "The comparison has ended; the live model stays.",
    )


def _gains(found: Experiment) -> Chart | None:
    """The mean gain with its interval at each look, and now."""
    # A watch weighs the latest votes, so that what counts does not grow with time.
    so_far = "votes" if found.purpose is Purpose.WATCH else "counted"
    # Without any spread nobody knows the interval: a point of no width would look like certainty.
    points = [
        (getattr(look, so_far), look.mean, look.lower, look.upper)
        for look in found.looks
        if look.lower < look.upper
    ]
    now = _now(found)
    if now and now["lower"] is not None:
        points.append((now[so_far], now["mean"], now["lower"], now["upper"]))
    series = Series(
        "mean gain of one up-vote",
        [(round(votes, 1), mean) for votes, mean, _, _ in points],
        low=[low for _, _, low, _ in points],
        high=[high for _, _, _, high in points],
    )
    return chart([series], with_zero=True)


def _now(found: Experiment) -> dict[str, Any] | None:
    """What the votes say so far, where there are more than at the last look."""
    now = found.progress
    last = found.looks[-1].votes if found.looks else 0
    return now if now and now.get("votes", 0) > max(1, last) else None
