"""Training runs with their curves, and the data sets that they learned from."""

from __future__ import annotations

from flask import Response, request, url_for

from src.core.messages.training import (
    GetTrainingRun,
    ListDatasetExamples,
    ListDatasets,
    ListTrainingRuns,
    StartTraining,
    TrainingRun,
)
from src.web.pages.forms import message
from src.web.pages.outcomes import moved
from src.web.state import ask

from .blueprint import blueprint
from .charts import Chart, Series, chart
from .views import collections_by_id, figure_rows, listing, page

_POINTS = 40


@blueprint.get("/learning/runs")
def runs() -> str:
    """Training runs, newest first."""
    return listing("runs", ListTrainingRuns)


@blueprint.get("/learning/runs/<run_id>")
def run(run_id: str) -> str:
    """One run: what went in, how it went, and what came of it."""
    found = ask(message(GetTrainingRun, run_id=run_id))
    losses = _losses(found)
    return page(
        "run",
        tab="runs",
        run=found,
        adapter=_adapter(found),
        penalties=_penalties(found),
        losses=losses,
        loss=chart([Series("loss", losses)]),
        figures=figure_rows(found.figures),
        collections=collections_by_id(),
    )


@blueprint.post("/learning/collections/<collection_id>/runs")
def train(collection_id: str) -> Response:
    """Train now, without waiting for more ratings."""
    ask(message(StartTraining, collection_id=collection_id))
    return moved(url_for("learning.runs", collection=collection_id), "A training run is on its way.")


@blueprint.get("/learning/datasets")
def datasets() -> str:
    """The versions of training data of the collections that the reader may change."""
    return listing("datasets", ListDatasets, tab="runs")


@blueprint.get("/learning/datasets/<dataset_id>")
def dataset(dataset_id: str) -> str:
    """The votes of a data set, also those that were left out, each with the reason."""
    found = ask(message(ListDatasetExamples, dataset_id=dataset_id, cursor=request.args.get("cursor")))
    known = {one.id: one for one in ask(ListDatasets(limit=500)).items}
    return page(
        "dataset",
        tab="runs",
        dataset_id=dataset_id,
        dataset=known.get(dataset_id),
        examples=found,
        collections=collections_by_id(),
    )


def _adapter(found: TrainingRun) -> Chart | None:
    folds = found.curves.get("adapter") or []
    return chart(
        [
            Series(f"fold {number}", list(enumerate(fold["ndcg"])))
            for number, fold in enumerate(folds, start=1)
        ]
    )


def _losses(found: TrainingRun) -> list[tuple[float, float]]:
    """The loss of a fine-tune by step: means of as many steps as make ``_POINTS`` points of it."""
    told = found.curves.get("loss") or []
    width = -(-len(told) // _POINTS) or 1
    parts = [told[start : start + width] for start in range(0, len(told), width)]
    return [(min((place + 1) * width, len(told)), sum(part) / len(part)) for place, part in enumerate(parts)]


def _penalties(found: TrainingRun) -> Chart | None:
    """Loss by penalty, on a scale by place: penalties grow by factors."""
    tried = found.curves.get("penalty") or []
    return chart(
        [Series("held-out loss", [(place, one["loss"]) for place, one in enumerate(tried)])],
        names=[f"{one['penalty']:g}" for one in tried],
    )
