"""Training runs and data sets as lists."""

from __future__ import annotations

from src.core.caller import Caller
from src.core.errors import ForbiddenError
from src.core.messages import Page
from src.core.messages.base import Target
from src.core.messages.training import (
    Dataset,
    DatasetExample,
    ListDatasetExamples,
    ListDatasets,
    ListTrainingRuns,
    TrainingRun,
)
from src.database.grants import grant_on, scope_of
from src.database.repositories.learning import Examples
from src.database.repositories.reading import writable
from src.database.uow import Database, Work

from .views import dataset_view, example_view, run_view


def list_runs(database: Database, request: ListTrainingRuns, caller: Caller) -> Page[TrainingRun]:
    asked = (request.collection_id,) if request.collection_id else None
    with database.read() as work:
        scope = scope_of(work, caller, asked)
        records, cursor = work.training_runs.page(
            scope.collection_ids, limit=request.limit, cursor=request.cursor
        )
    return Page[TrainingRun](items=tuple(run_view(record) for record in records), next=cursor)


def list_datasets(database: Database, request: ListDatasets, caller: Caller) -> Page[Dataset]:
    """A data set tells what others asked, so that reading a collection is not enough."""
    with database.read() as work:
        collection_ids = _writable(work, caller, request.collection_id)
        records, cursor = work.datasets.page(collection_ids, limit=request.limit, cursor=request.cursor)
    return Page[Dataset](items=tuple(dataset_view(record) for record in records), next=cursor)


def list_examples(database: Database, request: ListDatasetExamples) -> Page[DatasetExample]:
    with database.read() as work:
        records, cursor = Examples(work.session).page(
            request.dataset_id, limit=request.limit, cursor=request.cursor
        )
    return Page[DatasetExample](items=tuple(example_view(record) for record in records), next=cursor)


def _writable(work: Work, caller: Caller, collection_id: str | None) -> frozenset[str]:
    """Raises NotFoundError or ForbiddenError for a named collection that the caller may not change."""
    asked = (collection_id,) if collection_id else None
    readable = scope_of(work, caller, asked).collection_ids
    if caller.administers:
        return readable
    if collection_id is not None:
        grant = grant_on(work, caller, Target.COLLECTION, collection_id)
        if grant is None or not grant.may_write:
            raise ForbiddenError("Only those who may change a collection see what it is trained on.")
    return readable & frozenset(work.session.scalars(writable(caller)))
