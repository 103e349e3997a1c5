"""Experiments, training runs, data sets and golden sets."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import ClassVar

from sqlalchemy import func, select

from src.database.models import (
    DatasetRecord,
    DocumentRecord,
    ExampleRecord,
    ExperimentRecord,
    ExperimentVoteRecord,
    GoldenQuestionRecord,
    GoldenSetRecord,
    RatingRecord,
    TrainingRunRecord,
)

from .base import Repository, chunks

_AT_ONCE = 5000
"""External ids in one statement, each of which looks through a whole collection."""


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

    def compares(self, model_id: str) -> bool:
        """Whether a model is being compared with the live one."""
        query = select(ExperimentRecord.id).where(
            ExperimentRecord.treatment_id == model_id, ExperimentRecord.state == "running"
        )
        return self._session.scalar(query.limit(1)) is not None

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

    def readers(self, dataset_id: str) -> dict[str, str]:
        """Who gave the ratings that the data set is made of, by rating."""
        query = (
            select(RatingRecord.id, RatingRecord.user_id)
            .join(ExampleRecord, ExampleRecord.rating_id == RatingRecord.id)
            .where(ExampleRecord.dataset_id == dataset_id)
        )
        return {rating_id: user_id for rating_id, user_id in self._session.execute(query)}


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

    def unfound(self, record: GoldenSetRecord) -> int:
        """How many questions have no right document that can be found in the collection."""
        judged = select(GoldenQuestionRecord.judgments).where(GoldenQuestionRecord.set_id == record.id)
        right = [{str(id_) for id_, _ in judgments} for judgments in self._session.scalars(judged)]
        there = self.there(record, set().union(*right))
        return sum(there.isdisjoint(one) for one in right)

    def there(self, record: GoldenSetRecord, external_ids: Collection[str]) -> set[str]:
        """Those of the external ids whose documents can be found in the collection of the set."""
        found: set[str] = set()
        for part in chunks(sorted(external_ids), _AT_ONCE):
            query = select(DocumentRecord.external_id).where(
                DocumentRecord.collection_id == record.collection_id,
                DocumentRecord.live_version.is_not(None),
                DocumentRecord.external_id.in_(part),
            )
            found.update(self._session.scalars(query))
        return found

    def questions_page(
        self, set_id: str, *, limit: int, cursor: str | None
    ) -> tuple[Sequence[GoldenQuestionRecord], str | None]:
        """In the order in which they were added."""
        questions = Repository[GoldenQuestionRecord](self._session)
        query = select(GoldenQuestionRecord).where(GoldenQuestionRecord.set_id == set_id)
        return questions._page(query, GoldenQuestionRecord.id, limit=limit, cursor=cursor)

    def question(self, set_id: str, question_key: str) -> GoldenQuestionRecord | None:
        query = select(GoldenQuestionRecord).where(
            GoldenQuestionRecord.set_id == set_id, GoldenQuestionRecord.question_key == question_key
        )
        return self._session.scalar(query)

    def questions(self, set_id: str) -> Sequence[GoldenQuestionRecord]:
        query = select(GoldenQuestionRecord).where(GoldenQuestionRecord.set_id == set_id)
        return list(self._session.scalars(query.order_by(GoldenQuestionRecord.id)))
