"""Golden sets: kept apart from everything that is trained on."""

from __future__ import annotations

from collections.abc import Sequence

from src.core.clock import new_id
from src.core.context import Context
from src.core.errors import ConflictError, NotFoundError
from src.core.messages import Page
from src.core.messages.golden import (
    AcceptGoldenQuestion,
    AddGoldenSet,
    DeleteGoldenQuestion,
    DeleteGoldenSet,
    GoldenEntry,
    GoldenJudgment,
    GoldenQuestion,
    GoldenSet,
    ListGoldenQuestions,
    ListGoldenSets,
)
from src.database.grants import scope_of
from src.database.models import GoldenQuestionRecord, GoldenSetRecord, RatingRecord
from src.database.uow import Database, UnitOfWork, Work
from src.services.text.questions import question_key

IMPORTED, ACCEPTED = "imported", "accepted"
MARGIN = 0.005


class GoldenSets:
    """Questions with known right documents, by a person's hand."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, request: AddGoldenSet, ctx: Context) -> GoldenSet:
        """The same name again adds to the set; the same question again replaces its judgments."""
        with self._database.begin(ctx) as work:
            record = _set_named(work, request.collection_id, request.name, IMPORTED, request.margin)
            record.margin = request.margin
            _put(work, record.id, request.questions, ctx.caller.username)
            work.commit()
            return _views(work, [record])[0]

    def accept(self, request: AcceptGoldenQuestion, ctx: Context) -> GoldenSet:
        """Raises NotFoundError for a rating of another collection, ConflictError for one that names no right
        document."""
        with self._database.begin(ctx) as work:
            rating = work.session.get(RatingRecord, request.rating_id)
            if rating is None or rating.collection_id != request.collection_id:
                raise NotFoundError(f"There is no rating {request.rating_id} in this collection.")
            document = work.documents.find(rating.document_id) if rating.document_id else None
            if rating.verdict != "up" or document is None:
                raise ConflictError("Only an up-vote on a passage says which document is right.")
            record = _set_named(work, request.collection_id, request.name, ACCEPTED, MARGIN)
            known = work.golden_sets.question(record.id, rating.question_key)
            if known is None:
                known = GoldenQuestionRecord(
                    id=new_id(),
                    set_id=record.id,
                    question=rating.question,
                    question_key=rating.question_key,
                    judgments=[],
                )
                work.session.add(known)
            judged = {external_id: grade for external_id, grade in known.judgments}
            known.judgments = [[key, grade] for key, grade in ({document.external_id: 1.0} | judged).items()]
            known.rating_id, known.accepted_by = rating.id, ctx.caller.username
            work.commit()
            return _views(work, [record])[0]

    def page(self, request: ListGoldenSets, ctx: Context) -> Page[GoldenSet]:
        asked = (request.collection_id,) if request.collection_id else None
        with self._database.read() as work:
            scope = scope_of(work, ctx.caller, asked)
            records, cursor = work.golden_sets.page(
                scope.collection_ids, limit=request.limit, cursor=request.cursor
            )
            return Page[GoldenSet](items=_views(work, records), next=cursor)

    def questions(self, request: ListGoldenQuestions) -> Page[GoldenEntry]:
        with self._database.read() as work:
            golden = work.golden_sets.get(request.set_id)
            records, cursor = work.golden_sets.questions_page(
                golden.id, limit=request.limit, cursor=request.cursor
            )
            named = {str(id_) for record in records for id_, _ in record.judgments}
            there = work.golden_sets.there(golden, named)
            return Page[GoldenEntry](items=tuple(_entry(one, there) for one in records), next=cursor)

    def delete_question(self, request: DeleteGoldenQuestion, ctx: Context) -> None:
        """Raises NotFoundError for a question that is not in this set."""
        with self._database.begin(ctx) as work:
            record = work.session.get(GoldenQuestionRecord, request.question_id)
            if record is None or record.set_id != request.set_id:
                raise NotFoundError(f"There is no question {request.question_id} in this golden set.")
            work.session.delete(record)
            work.commit()

    def delete(self, request: DeleteGoldenSet, ctx: Context) -> None:
        with self._database.begin(ctx) as work:
            work.golden_sets.delete(work.golden_sets.get(request.set_id))
            work.commit()


def _set_named(
    work: UnitOfWork, collection_id: str, name: str, origin: str, margin: float
) -> GoldenSetRecord:
    """The set of that name, made where there is none."""
    work.collections.hold(collection_id, alone=True)
    record = work.golden_sets.named(collection_id, name)
    if record is None:
        record = work.golden_sets.add(
            GoldenSetRecord(
                id=new_id(),
                collection_id=collection_id,
                name=name,
                origin=origin,
                margin=margin,
                created_at=work.now(),
            )
        )
        work.session.flush()
    return record


def _put(work: UnitOfWork, set_id: str, questions: Sequence[GoldenQuestion], by: str) -> None:
    known = {record.question_key: record for record in work.golden_sets.questions(set_id)}
    for asked in questions:
        key = question_key(asked.question)
        record = known.get(key)
        if record is None:
            record = known[key] = GoldenQuestionRecord(id=new_id(), set_id=set_id, question_key=key)
            work.session.add(record)
        record.question, record.accepted_by = asked.question, by
        record.judgments = [[judged.external_id, judged.grade] for judged in asked.judgments]


def _entry(record: GoldenQuestionRecord, there: set[str]) -> GoldenEntry:
    return GoldenEntry(
        id=record.id,
        question=record.question,
        judgments=tuple(GoldenJudgment(external_id=id_, grade=grade) for id_, grade in record.judgments),
        accepted_by=record.accepted_by,
        rating_id=record.rating_id,
        found=any(id_ in there for id_, _ in record.judgments),
    )


def _views(work: Work, records: Sequence[GoldenSetRecord]) -> tuple[GoldenSet, ...]:
    sizes = work.golden_sets.sizes([record.id for record in records])
    return tuple(
        GoldenSet(
            id=record.id,
            collection_id=record.collection_id,
            name=record.name,
            origin=record.origin,
            margin=record.margin,
            questions=sizes.get(record.id, 0),
            unfound=work.golden_sets.unfound(record),
            created_at=record.created_at,
        )
        for record in records
    )
