"""Ratings as users see them, and as events tell of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from src.core.messages.feedback import Rating, RatingKind, RatingState, Reason, Verdict
from src.database.models import RatingRecord
from src.database.uow import Work


def rating_views(work: Work, records: Sequence[RatingRecord]) -> tuple[Rating, ...]:
    """The ratings with the names of their users."""
    names = work.users.names({record.user_id for record in records})
    return tuple(
        Rating(
            id=record.id,
            kind=RatingKind(record.kind),
            verdict=Verdict(record.verdict),
            state=RatingState(record.state),
            held_reason=record.held_reason,
            answer_id=record.answer_id,
            marker=record.marker,
            query_id=record.search_id,
            passage_id=record.passage_id,
            document_id=record.document_id,
            collection_id=record.collection_id,
            place=record.place,
            question=record.question,
            stars=record.stars,
            reasons=tuple(Reason(reason) for reason in record.reasons),
            comment=record.comment,
            correction=record.correction,
            rated_by=names[record.user_id],
            reviewed_by=record.reviewed_by,
            created_at=record.created_at,
            updated_at=record.updated_at,
        )
        for record in records
    )


def event_fields(record: RatingRecord, experiment_id: str | None) -> dict[str, Any]:
    """What every event about one rating carries."""
    return {
        "rating_id": record.id,
        "kind": RatingKind(record.kind),
        "verdict": Verdict(record.verdict),
        "user_id": record.user_id,
        "collection_id": record.collection_id,
        "document_id": record.document_id,
        "passage_id": record.passage_id,
        "content_key": record.content_key,
        "answer_id": record.answer_id,
        "search_id": record.search_id,
        "experiment_id": experiment_id,
        "question_key": record.question_key,
        "place": record.place,
        "reasons": tuple(Reason(reason) for reason in record.reasons),
    }
