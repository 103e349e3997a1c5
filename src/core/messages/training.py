"""Training data and training runs."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from pydantic import Field

from .base import Access, Event, Id, JobSpec, Page, Reply, Request, Target, Text
from .lists import Cursor, Limit


class RunState(StrEnum):
    """How a training run went; ``refused`` is a run for which there was not enough data."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    REFUSED = "refused"
    FAILED = "failed"


class TrainingFinding(Reply):
    """Something that a run noticed of its data or its result, in words. A ``fatal`` one keeps the result from
    being used."""

    code: str
    detail: str
    fatal: bool


class TrainingRun(Reply):
    """One attempt to learn: configuration, data, seed, environment, curves, figures, and what came of it."""

    id: str
    collection_id: str
    job_id: str | None
    trainer: str
    dataset_id: str | None
    state: RunState
    reason: str | None
    configuration: dict[str, Any]
    seed: int
    environment: dict[str, Any]
    curves: dict[str, Any]
    figures: dict[str, Any]
    findings: tuple[TrainingFinding, ...] = ()
    model_id: str | None
    created_at: datetime
    finished_at: datetime | None


class ListTrainingRuns(Request[Page[TrainingRun]]):
    """Training runs of the collections that the caller may read, newest first."""

    capability: ClassVar[str] = "training-run.list"
    access: ClassVar[Access] = Access.signed_in()
    collection_id: Id | None = None
    limit: Limit = 50
    cursor: Cursor = None


class GetTrainingRun(Request[TrainingRun]):
    """One training run."""

    capability: ClassVar[str] = "training-run.get"
    access: ClassVar[Access] = Access.read(Target.TRAINING_RUN, "run_id")
    run_id: Id


class QueuedTraining(Reply):
    """The job that trains."""

    job_id: str


class StartTraining(Request[QueuedTraining]):
    """Train on a collection's ratings now, without waiting for more of them."""

    capability: ClassVar[str] = "training-run.start"
    access: ClassVar[Access] = Access.write(Target.COLLECTION, "collection_id")
    collection_id: Id
    trainer: Text = Field("ladder", max_length=60)
    seed: int = Field(0, ge=0, le=2**31 - 1)


class TrainJob(JobSpec):
    """Build a data set from a collection's ratings, train on it and register what comes out. ``why`` says
    what set it off."""

    kind: ClassVar[str] = "train"
    collection_id: str
    trainer: str = "ladder"
    seed: int = 0
    why: str = ""


class Dataset(Reply):
    """A version of a collection's training data. ``counts`` tell questions, votes and, by reason, what was
    left out."""

    id: str
    collection_id: str
    version: int
    digest: str
    counts: dict[str, Any]
    created_at: datetime


class DatasetExample(Reply):
    """A judged passage of a data set with the vote and the document it comes of, or why it was left out.
    ``made_by`` names what made it up where it is nobody's vote."""

    id: str
    rating_id: str | None
    document_id: str | None
    origin: str
    question: str
    content_key: str
    label: float
    weight: float
    split: int | None
    excluded: str | None
    made_by: str | None


class ListDatasets(Request[Page[Dataset]]):
    """Data sets of the collections that the caller may write, newest first."""

    capability: ClassVar[str] = "dataset.list"
    access: ClassVar[Access] = Access.signed_in()
    collection_id: Id | None = None
    limit: Limit = 50
    cursor: Cursor = None


class ListDatasetExamples(Request[Page[DatasetExample]]):
    """The examples of a data set, also those that were left out."""

    capability: ClassVar[str] = "dataset.examples"
    access: ClassVar[Access] = Access.write(Target.DATASET, "dataset_id")
    dataset_id: Id
    limit: Limit = 100
    cursor: Cursor = None


class TrainingEnded(Event):
    """A training run came to its end, with or without a model."""

    topic: ClassVar[str] = "training.ended.v1"
    run_id: str
    collection_id: str
    state: RunState
    reason: str | None = None

    def ordering_key(self) -> str | None:
        return self.collection_id


class MemoryChanged(Event):
    """What a collection's rankings remember has changed."""

    topic: ClassVar[str] = "memory.changed.v1"
    collection_id: str

    def ordering_key(self) -> str | None:
        return self.collection_id
