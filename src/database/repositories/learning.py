"""Models and experiments, data sets and golden sets."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import func, select

from src.core.clock import new_id
from src.database.models import (
    DatasetRecord,
    EvaluationRecord,
    ExampleRecord,
    ExperimentRecord,
    ExperimentVoteRecord,
    GoldenQuestionRecord,
    GoldenSetRecord,
    ModelChangeRecord,
    ModelRecord,
    TrainingRunRecord,
)

from .base import Repository, chunks


class Models(Repository[ModelRecord]):
    """The models of collections, and the record of how they changed places."""

    model: ClassVar = ModelRecord
    noun: ClassVar = "model"

    def live(self, collection_id: str, role: str = "ranking") -> ModelRecord | None:
        """The model that ranks (or answers in) the collection; None for the default before there was any
        other."""
        query = select(ModelRecord).where(
            ModelRecord.collection_id == collection_id,
            ModelRecord.role == role,
            ModelRecord.state == "live",
        )
        return self._session.scalar(query)

    def candidates_of(self, collection_id: str, embedding_version: str) -> Sequence[ModelRecord]:
        """The candidates that rank the collection's index of that version."""
        query = select(ModelRecord).where(
            ModelRecord.collection_id == collection_id,
            ModelRecord.embedding_version == embedding_version,
            ModelRecord.state == "candidate",
        )
        return list(self._session.scalars(query.order_by(ModelRecord.id)))

    def in_state(self, collection_id: str, state: str, *, kind: str) -> Sequence[ModelRecord]:
        """The collection's models of that kind that stand there."""
        query = select(ModelRecord).where(
            ModelRecord.collection_id == collection_id, ModelRecord.state == state, ModelRecord.kind == kind
        )
        return list(self._session.scalars(query.order_by(ModelRecord.id)))

    def needed_versions(self) -> set[tuple[str, str]]:
        """The collections with the embedding versions that their open models name."""
        query = select(ModelRecord.collection_id, ModelRecord.embedding_version).where(
            ModelRecord.embedding_version.is_not(None),
            ModelRecord.state.in_(("candidate", "gated", "trial", "live")),
        )
        return {(key, version) for key, version in self._session.execute(query) if version is not None}

    def name_unnamed(self, collection_id: str, embedding_version: str) -> list[str]:
        """Have the models that rank and name no embedding version name this one; returns their ids."""
        query = select(ModelRecord).where(
            ModelRecord.collection_id == collection_id,
            ModelRecord.role == "ranking",
            ModelRecord.embedding_version.is_(None),
        )
        unnamed = list(self._session.scalars(query.order_by(ModelRecord.id)))
        for record in unnamed:
            record.embedding_version = embedding_version
        return [record.id for record in unnamed]

    def unname(self, ids: Collection[str]) -> None:
        """Have these models name no embedding version any more."""
        for part in chunks(sorted(ids)):
            for record in self._session.scalars(select(ModelRecord).where(ModelRecord.id.in_(part))):
                record.embedding_version = None

    def promotions(self, collection_id: str) -> Sequence[ModelChangeRecord]:
        """How models of the collection went live, the latest first."""
        query = (
            select(ModelChangeRecord)
            .join(ModelRecord, ModelRecord.id == ModelChangeRecord.model_id)
            .where(ModelRecord.collection_id == collection_id, ModelChangeRecord.after == "live")
        )
        return list(self._session.scalars(query.order_by(ModelChangeRecord.id.desc())))

    def next_version(self, collection_id: str) -> int:
        query = select(func.max(ModelRecord.version)).where(ModelRecord.collection_id == collection_id)
        return (self._session.scalar(query) or 0) + 1

    def change(
        self,
        record: ModelRecord,
        state: str,
        *,
        by: str,
        reason: str,
        evidence: dict[str, Any],
        at: datetime,
    ) -> None:
        """Bring a model into a state, and write down who or what decided it and why."""
        self._session.add(
            ModelChangeRecord(
                id=new_id(),
                model_id=record.id,
                before=record.state,
                after=state,
                decided_by=by,
                reason=reason,
                evidence=evidence,
                at=at,
            )
        )
        record.state, record.reason, record.changed_at = state, reason, at
        # The one that leaves its place is written before the one that takes it: one is live at a time.
        self._session.flush()

    def artefacts(self) -> set[str]:
        """The digests of every model's file; a retired model is kept to return to."""
        query = select(ModelRecord.artefact).where(ModelRecord.artefact.is_not(None)).distinct()
        return {digest for digest in self._session.scalars(query) if digest is not None}

    def changes(self, model_id: str) -> Sequence[ModelChangeRecord]:
        query = select(ModelChangeRecord).where(ModelChangeRecord.model_id == model_id)
        return list(self._session.scalars(query.order_by(ModelChangeRecord.id)))

    def evaluations(self, model_id: str) -> Sequence[EvaluationRecord]:
        query = select(EvaluationRecord).where(EvaluationRecord.model_id == model_id)
        return list(self._session.scalars(query.order_by(EvaluationRecord.id)))

    def page(
        self,
        collection_ids: Collection[str],
        state: str | None,
        role: str | None,
        *,
        limit: int,
        cursor: str | None,
    ) -> tuple[Sequence[ModelRecord], str | None]:
        query = select(ModelRecord).where(ModelRecord.collection_id.in_(collection_ids))
        for column, wanted in ((ModelRecord.state, state), (ModelRecord.role, role)):
            if wanted is not None:
                query = query.where(column == wanted)
        return self._page(query, ModelRecord.id, limit=limit, cursor=cursor, newest_first=True)


class Experiments(Repository[ExperimentRecord]):
    """Live comparisons and the votes that they rest on."""

    model: ClassVar = ExperimentRecord
    noun: ClassVar = "experiment"

    def running(self, collection_id: str, method: str = "interleaving") -> ExperimentRecord | None:
        query = select(ExperimentRecord).where(
            ExperimentRecord.collection_id == collection_id,
            ExperimentRecord.method == method,
            ExperimentRecord.state == "running",
        )
        return self._session.scalar(query)

    def collections_tried(self) -> set[str]:
        """The collections whose rankings are compared."""
        query = select(ExperimentRecord.collection_id).where(
            ExperimentRecord.state == "running", ExperimentRecord.method == "interleaving"
        )
        return set(self._session.scalars(query))

    def votes(self, experiment_id: str) -> Sequence[ExperimentVoteRecord]:
        """In the order in which they were given."""
        query = select(ExperimentVoteRecord).where(ExperimentVoteRecord.experiment_id == experiment_id)
        return list(
            self._session.scalars(query.order_by(ExperimentVoteRecord.at, ExperimentVoteRecord.rating_id))
        )

    def page(
        self, collection_ids: Collection[str], state: str | None, *, limit: int, cursor: str | None
    ) -> tuple[Sequence[ExperimentRecord], str | None]:
        query = select(ExperimentRecord).where(ExperimentRecord.collection_id.in_(collection_ids))
        if state is not None:
            query = query.where(ExperimentRecord.state == state)
        return self._page(query, ExperimentRecord.id, limit=limit, cursor=cursor, newest_first=True)


class TrainingRuns(Repository[TrainingRunRecord]):
    """Attempts to learn."""

    model: ClassVar = TrainingRunRecord
    noun: ClassVar = "training run"

    def of_job(self, job_id: str) -> TrainingRunRecord | None:
        query = select(TrainingRunRecord).where(TrainingRunRecord.job_id == job_id)
        return self._session.scalar(query)

    def under_way(self) -> set[str]:
        """The runs that have not ended."""
        query = select(TrainingRunRecord.id).where(TrainingRunRecord.finished_at.is_(None))
        return set(self._session.scalars(query))

    def collections_under_way(self) -> set[str]:
        """The collections that are being trained on."""
        query = select(TrainingRunRecord.collection_id).where(TrainingRunRecord.finished_at.is_(None))
        return set(self._session.scalars(query))

    def newest(self, collection_id: str, trainer: str) -> TrainingRunRecord | None:
        query = select(TrainingRunRecord).where(
            TrainingRunRecord.collection_id == collection_id, TrainingRunRecord.trainer == trainer
        )
        return self._session.scalar(query.order_by(TrainingRunRecord.id.desc()).limit(1))

    def page(
        self, collection_ids: Collection[str], *, limit: int, cursor: str | None
    ) -> tuple[Sequence[TrainingRunRecord], str | None]:
        query = select(TrainingRunRecord).where(TrainingRunRecord.collection_id.in_(collection_ids))
        return self._page(query, TrainingRunRecord.id, limit=limit, cursor=cursor, newest_first=True)


class Datasets(Repository[DatasetRecord]):
    """Versions of training data."""

    model: ClassVar = DatasetRecord
    noun: ClassVar = "data set"

    def with_digest(self, collection_id: str, digest: str) -> DatasetRecord | None:
        query = select(DatasetRecord).where(
            DatasetRecord.collection_id == collection_id, DatasetRecord.digest == digest
        )
        return self._session.scalar(query.order_by(DatasetRecord.id.desc()).limit(1))

    def next_version(self, collection_id: str) -> int:
        query = select(func.max(DatasetRecord.version)).where(DatasetRecord.collection_id == collection_id)
        return (self._session.scalar(query) or 0) + 1

    def page(
        self, collection_ids: Collection[str], *, limit: int, cursor: str | None
    ) -> tuple[Sequence[DatasetRecord], str | None]:
        query = select(DatasetRecord).where(DatasetRecord.collection_id.in_(collection_ids))
        return self._page(query, DatasetRecord.id, limit=limit, cursor=cursor, newest_first=True)

    def examples(self, dataset_id: str) -> Sequence[ExampleRecord]:
        query = select(ExampleRecord).where(ExampleRecord.dataset_id == dataset_id)
        return list(self._session.scalars(query.order_by(ExampleRecord.id)))


class Examples(Repository[ExampleRecord]):
    """The rows of data sets."""

    model: ClassVar = ExampleRecord
    noun: ClassVar = "example"

    def page(
        self, dataset_id: str, *, limit: int, cursor: str | None
    ) -> tuple[Sequence[ExampleRecord], str | None]:
        """In the order in which they were stored."""
        query = select(ExampleRecord).where(ExampleRecord.dataset_id == dataset_id)
        return self._page(query, ExampleRecord.id, limit=limit, cursor=cursor)


class GoldenSets(Repository[GoldenSetRecord]):
    """Questions with known right documents."""

    model: ClassVar = GoldenSetRecord
    noun: ClassVar = "golden set"

    def of(self, collection_id: str) -> Sequence[GoldenSetRecord]:
        query = select(GoldenSetRecord).where(GoldenSetRecord.collection_id == collection_id)
        return list(self._session.scalars(query.order_by(GoldenSetRecord.id)))

    def named(self, collection_id: str, name: str) -> GoldenSetRecord | None:
        query = select(GoldenSetRecord).where(
            GoldenSetRecord.collection_id == collection_id, GoldenSetRecord.name == name
        )
        return self._session.scalar(query)

    def page(
        self, collection_ids: Collection[str], *, limit: int, cursor: str | None
    ) -> tuple[Sequence[GoldenSetRecord], str | None]:
        query = select(GoldenSetRecord).where(GoldenSetRecord.collection_id.in_(collection_ids))
        return self._page(query, GoldenSetRecord.id, limit=limit, cursor=cursor, newest_first=True)

    def sizes(self, set_ids: Collection[str]) -> dict[str, int]:
        """How many questions each has."""
        query = (
            select(GoldenQuestionRecord.set_id, func.count())
            .where(GoldenQuestionRecord.set_id.in_(set_ids))
            .group_by(GoldenQuestionRecord.set_id)
        )
        return {set_id: count for set_id, count in self._session.execute(query)}

    def question(self, set_id: str, question_key: str) -> GoldenQuestionRecord | None:
        query = select(GoldenQuestionRecord).where(
            GoldenQuestionRecord.set_id == set_id, GoldenQuestionRecord.question_key == question_key
        )
        return self._session.scalar(query)

    def questions(self, set_id: str) -> Sequence[GoldenQuestionRecord]:
        query = select(GoldenQuestionRecord).where(GoldenQuestionRecord.set_id == set_id)
        return list(self._session.scalars(query.order_by(GoldenQuestionRecord.id)))
