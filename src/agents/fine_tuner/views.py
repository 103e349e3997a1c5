"""Records as the messages that users see."""

from __future__ import annotations

from src.core.messages.training import Dataset, DatasetExample, RunState, TrainingFinding, TrainingRun
from src.database.models import DatasetRecord, ExampleRecord, TrainingRunRecord


def run_view(record: TrainingRunRecord) -> TrainingRun:
    """A training run."""
    figures = {name: value for name, value in record.figures.items() if name != "findings"}
    return TrainingRun(
        id=record.id,
        collection_id=record.collection_id,
        job_id=record.job_id,
        trainer=record.trainer,
        dataset_id=record.dataset_id,
        state=RunState(record.state),
        reason=record.reason,
        configuration=record.configuration,
        seed=record.seed,
        environment=record.environment,
        curves=record.curves,
        figures=figures,
        findings=tuple(TrainingFinding.model_validate(found) for found in record.figures.get("findings", ())),
        model_id=record.model_id,
        created_at=record.created_at,
        finished_at=record.finished_at,
    )


def dataset_view(record: DatasetRecord) -> Dataset:
    """A data set with its counts."""
    return Dataset(
        id=record.id,
        collection_id=record.collection_id,
        version=record.version,
        digest=record.digest,
        counts=record.counts,
        created_at=record.created_at,
    )


def example_view(record: ExampleRecord) -> DatasetExample:
    """One vote of a data set."""
    return DatasetExample(
        id=record.id,
        rating_id=record.rating_id,
        document_id=record.document_id,
        origin=record.origin,
        question=record.question,
        content_key=record.content_key,
        label=record.label,
        weight=record.weight,
        split=record.split,
        excluded=record.excluded,
        made_by=record.made_by,
    )
