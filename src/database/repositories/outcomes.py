"""What came of ratings: the data sets that took them up, the models made of those, and memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from src.database.models import (
    CounterpartRecord,
    DatasetRecord,
    DocumentRecord,
    ExampleRecord,
    ModelRecord,
    PassageRecord,
    RatingRecord,
    TrainingRunRecord,
)

from .base import chunks
from .passages import searched


@dataclass(frozen=True)
class TakenUp:
    """A version of a data set that has examples of a rating; ``excluded`` are the reasons of those that are
    left out, ``used`` is whether any is not."""

    dataset_id: str
    version: int
    used: bool
    excluded: tuple[str, ...]


class Outcomes:
    """Reads what came of ratings, many at once."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def datasets(self, rating_ids: Collection[str]) -> dict[str, list[TakenUp]]:
        """By rating, the newest version first."""
        reasons: dict[tuple[str, str, int], list[str | None]] = defaultdict(list)
        for part in chunks(sorted(rating_ids)):
            query = (
                select(
                    ExampleRecord.rating_id, DatasetRecord.id, DatasetRecord.version, ExampleRecord.excluded
                )
                .join(DatasetRecord, DatasetRecord.id == ExampleRecord.dataset_id)
                .where(ExampleRecord.rating_id.in_(part))
                .order_by(DatasetRecord.version.desc(), ExampleRecord.id)
            )
            for rating_id, dataset_id, version, excluded in self._session.execute(query):
                reasons[rating_id or "", dataset_id, version].append(excluded)
        found: dict[str, list[TakenUp]] = defaultdict(list)
        for (rating_id, dataset_id, version), why in reasons.items():
            told = tuple(dict.fromkeys(reason for reason in why if reason is not None))
            found[rating_id].append(TakenUp(dataset_id, version, None in why, told))
        return dict(found)

    def models(self, dataset_ids: Collection[str]) -> dict[str, list[ModelRecord]]:
        """The models trained on each data set, the newest first."""
        found: dict[str, list[ModelRecord]] = defaultdict(list)
        for part in chunks(sorted(dataset_ids)):
            query = (
                select(TrainingRunRecord.dataset_id, ModelRecord)
                .join(ModelRecord, ModelRecord.run_id == TrainingRunRecord.id)
                .where(TrainingRunRecord.dataset_id.in_(part))
                .order_by(ModelRecord.version.desc())
            )
            for dataset_id, model in self._session.execute(query):
                found[dataset_id or ""].append(model)
        return dict(found)

    def balance(self, ratings: Sequence[RatingRecord], down: float) -> dict[tuple[str, str, str], float]:
        """By collection, question and content: the counted up-votes of all readers, less ``down`` for each
        counted down-vote."""
        wanted = {r.question_key for r in ratings if r.content_key is not None}
        weight = func.sum(case((RatingRecord.verdict == "up", 1.0), else_=-down))
        found: dict[tuple[str, str, str], float] = {}
        for part in chunks(sorted(wanted)):
            query = (
                select(
                    RatingRecord.collection_id, RatingRecord.question_key, RatingRecord.content_key, weight
                )
                .where(
                    RatingRecord.question_key.in_(part),
                    RatingRecord.state == "counted",
                    RatingRecord.content_key.is_not(None),
                )
                .group_by(RatingRecord.collection_id, RatingRecord.question_key, RatingRecord.content_key)
            )
            for collection_id, question_key, content_key, sum_ in self._session.execute(query):
                found[collection_id or "", question_key, content_key or ""] = float(sum_)
        return found

    def places(self, content_keys: Collection[str]) -> dict[tuple[str, str], tuple[str, str]]:
        """By collection and content: a passage that is searched and has it, or stands at its place, and the
        name of its document."""
        found: dict[tuple[str, str], tuple[str, str]] = {}
        named = (DocumentRecord.title, DocumentRecord.external_id)
        shown = (PassageRecord.collection_id, PassageRecord.id, *named)
        of = DocumentRecord.id == PassageRecord.document_id
        at = and_(
            CounterpartRecord.collection_id == PassageRecord.collection_id,
            CounterpartRecord.counterpart_key == PassageRecord.embedding_key,
            CounterpartRecord.cutting == PassageRecord.cutting,
        )
        for part in chunks(sorted(content_keys)):
            itself = select(PassageRecord.embedding_key, *shown).join(DocumentRecord, of)
            beside = select(CounterpartRecord.content_key, *shown).join(DocumentRecord, of)
            for query, key in (
                (itself, PassageRecord.embedding_key),
                (beside.join(CounterpartRecord, at), CounterpartRecord.content_key),
            ):
                rows = query.where(key.in_(part), searched()).order_by(PassageRecord.id)
                for content, collection_id, passage_id, title, external_id in self._session.execute(rows):
                    found.setdefault((collection_id, content), (passage_id, title or external_id))
        return found
