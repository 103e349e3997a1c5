"""Ratings, signals, and the vectors of questions that were rated."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any, ClassVar

import numpy as np
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from src.core.caller import Caller
from src.core.clock import new_id
from src.core.ports import Vectors
from src.database.inserts import insert_new
from src.database.models import (
    AnswerRecord,
    QuestionVectorRecord,
    RatingRecord,
    SearchRecord,
    SignalRecord,
    UserRecord,
)

from .base import Repository, chunks
from .reading import writable


class Ratings(Repository[RatingRecord]):
    """What users rated; one rating for a user and an object."""

    model: ClassVar = RatingRecord
    noun: ClassVar = "rating"

    def of(self, user_id: str, object_key: str) -> RatingRecord | None:
        """The user's rating of the object, kept from others until this work ends."""
        query = select(RatingRecord).where(
            RatingRecord.user_id == user_id, RatingRecord.object_key == object_key
        )
        return self._session.scalar(query.with_for_update())

    def put(self, user_id: str, object_key: str, **columns: Any) -> tuple[RatingRecord, bool]:
        """The user's rating of the object, made of ``columns`` where there was none, and whether it was."""
        made = new_id()
        row = {"id": made, "user_id": user_id, "object_key": object_key, **columns}
        self._session.execute(insert_new(self._session, RatingRecord), row)
        record = self.of(user_id, object_key)
        assert record is not None, "a row that could not be inserted is there"
        return record, record.id == made

    def page(
        self,
        caller: Caller,
        *,
        mine: bool = False,
        limit: int,
        cursor: str | None,
        since: datetime | None = None,
        query_ids: Collection[str] | None = None,
        **equal: str | None,
    ) -> tuple[Sequence[RatingRecord], str | None]:
        """What the caller may see, newest first; ``equal`` narrows by columns where a value is given."""
        query = select(RatingRecord)
        own = RatingRecord.user_id == caller.user_id
        if mine:
            query = query.where(own)
        elif not caller.administers:
            query = query.where(or_(own, RatingRecord.collection_id.in_(writable(caller))))
        if since is not None:
            query = query.where(RatingRecord.updated_at >= since)
        if query_ids is not None:
            query = query.where(RatingRecord.search_id.in_(query_ids))
        for name, value in equal.items():
            if value is not None:
                query = query.where(getattr(RatingRecord, name) == value)
        return self._page(query, RatingRecord.id, limit=limit, cursor=cursor, newest_first=True)

    def waiting(self, limit: int) -> Sequence[RatingRecord]:
        """Ratings that were not checked yet, oldest first."""
        query = select(RatingRecord).where(RatingRecord.state == "new").order_by(RatingRecord.id).limit(limit)
        return list(self._session.scalars(query))

    def chosen(self, ids: Collection[str]) -> Sequence[RatingRecord]:
        """Those of the ratings that are there, kept from others until this work ends."""
        found: list[RatingRecord] = []
        for part in chunks(sorted(ids)):
            query = select(RatingRecord).where(RatingRecord.id.in_(part)).order_by(RatingRecord.id)
            found.extend(self._session.scalars(query.with_for_update()))
        return found

    def count_since(self, since: datetime) -> int:
        """How many ratings were given or changed since then."""
        query = select(func.count()).select_from(RatingRecord).where(RatingRecord.updated_at >= since)
        return self._session.scalar(query) or 0

    def votes_since(self, since: datetime, limit: int) -> Sequence[Any]:
        """The newest votes as rows of id, user, kind, search, collection, question, content, verdict, state,
        reviewer, time, when the user's account was made and, of answers in a comparison, experiment and
        arm."""
        query = (
            select(
                RatingRecord.id,
                RatingRecord.user_id,
                RatingRecord.kind,
                RatingRecord.search_id,
                RatingRecord.collection_id,
                RatingRecord.question_key,
                RatingRecord.content_key,
                RatingRecord.passage_id,
                RatingRecord.verdict,
                RatingRecord.state,
                RatingRecord.reviewed_by,
                RatingRecord.updated_at,
                UserRecord.created_at.label("joined"),
                AnswerRecord.experiment_id,
                AnswerRecord.arm,
            )
            .join(UserRecord, UserRecord.id == RatingRecord.user_id)
            .outerjoin(
                AnswerRecord, (AnswerRecord.id == RatingRecord.answer_id) & (RatingRecord.kind == "answer")
            )
            .where(RatingRecord.updated_at >= since)
            .order_by(RatingRecord.updated_at.desc())
            .limit(limit)
        )
        rows: Sequence[Any] = self._session.execute(query).all()
        return rows

    def experiments(self, search_ids: Collection[str]) -> dict[str, str | None]:
        """The experiment of each search, as far as the search is kept."""
        query = select(SearchRecord.id, SearchRecord.experiment_id).where(SearchRecord.id.in_(search_ids))
        return {row.id: row.experiment_id for row in self._session.execute(query)}

    def counted(self, collection_id: str) -> Iterator[RatingRecord]:
        """Every rating of the collection that may teach, oldest first."""
        query = (
            select(RatingRecord)
            .where(RatingRecord.collection_id == collection_id, RatingRecord.state == "counted")
            .order_by(RatingRecord.id)
        )
        return iter(self._session.scalars(query.execution_options(yield_per=500)))


class Signals(Repository[SignalRecord]):
    """What users did with what was shown; one record for a user, an object and a kind."""

    model: ClassVar = SignalRecord
    noun: ClassVar = "signal"

    def note(self, user_id: str, object_key: str, at: datetime, **columns: Any) -> None:
        """Make the signal, or count it once more."""
        row = {"id": new_id(), "user_id": user_id, "object_key": object_key, "count": 0, "at": at, **columns}
        self._session.execute(insert_new(self._session, SignalRecord), row)
        query = select(SignalRecord).where(
            SignalRecord.user_id == user_id, SignalRecord.object_key == object_key
        )
        record = self._session.scalars(query.with_for_update()).one()
        record.count += 1
        record.at = at


class QuestionVectors:
    """The vectors of rated questions, by question key, of one embedding version."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def find(self, keys: Collection[str], version: str) -> dict[str, Vectors]:
        found: dict[str, Vectors] = {}
        for part in chunks(sorted(keys)):
            query = select(QuestionVectorRecord.question_key, QuestionVectorRecord.vector).where(
                QuestionVectorRecord.embedding_version == version,
                QuestionVectorRecord.question_key.in_(part),
            )
            for key, blob in self._session.execute(query):
                found[key] = np.frombuffer(blob, dtype="<f4")
        return found

    def add(self, vectors: dict[str, Vectors], version: str) -> None:
        """Keep vectors; a key that is there already stays as it is."""
        if vectors:
            rows = [
                {
                    "question_key": key,
                    "embedding_version": version,
                    "vector": np.ascontiguousarray(vector, dtype="<f4").tobytes(),
                }
                for key, vector in vectors.items()
            ]
            self._session.execute(insert_new(self._session, QuestionVectorRecord), rows)
