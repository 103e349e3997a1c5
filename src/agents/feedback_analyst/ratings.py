"""Giving a rating, changing it, and taking it back."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from src.core.context import Context
from src.core.errors import ConflictError, ForbiddenError, NotFoundError
from src.core.messages.feedback import Rating, RatingReceived, RatingRetracted, RatingState, Verdict
from src.database.models import RatingRecord
from src.database.repositories.feedback import Ratings
from src.database.uow import Database, UnitOfWork
from src.services.text.questions import question_key

from .subjects import Find, Seen, Subject
from .views import event_fields, rating_views

_CHANGED = "Its user changed the verdict after an administrator had discarded it."


@dataclass(frozen=True)
class Said:
    """What a rating says; a second one replaces all of it."""

    verdict: str
    stars: int | None = None
    reasons: tuple[str, ...] = ()
    comment: str | None = None
    correction: str | None = None

    def columns(self) -> dict[str, Any]:
        return {**asdict(self), "reasons": sorted(set(self.reasons))}


def person(ctx: Context) -> str:
    """The id of the user who asks; raises ForbiddenError for Stoa's own agents."""
    if ctx.caller.user_id is None:
        raise ForbiddenError("Only a person can rate.")
    return ctx.caller.user_id


def give(database: Database, find: Find, said: Said, ctx: Context) -> Rating:
    """Keep what the caller says of a subject; nothing happens where they have said the same before.

    Raises NotFoundError for what was not shown to the caller, or has been deleted since.
    """
    user_id = person(ctx)
    with database.read() as reading:
        subject = find(reading, ctx.caller)
    try:
        with database.begin(ctx) as work:
            record, made = _put(work, user_id, subject, said)
            if made or _change(record, said):
                record.updated_at = work.now()
                work.publish(RatingReceived(rating_id=record.id, collection_id=record.collection_id))
                work.commit()
            return rating_views(work, [record])[0]
    except ConflictError as error:
        raise NotFoundError("What was shown has been deleted since.") from error


def take_back(database: Database, object_key: str, seen: Seen, ctx: Context) -> None:
    """Remove the caller's rating of an object, however long ago that was shown; nothing happens where they
    have none. Raises NotFoundError where they have none since the object was not shown to them."""
    user_id = person(ctx)
    with database.begin(ctx) as work:
        ratings = Ratings(work.session)
        record = ratings.of(user_id, object_key)
        if record is None:
            seen(work, ctx.caller)
            return
        experiments = ratings.experiments([record.search_id])
        work.publish(RatingRetracted(**event_fields(record, experiments.get(record.search_id))))
        ratings.delete(record)
        work.commit()


def _put(work: UnitOfWork, user_id: str, subject: Subject, said: Said) -> tuple[RatingRecord, bool]:
    now = work.now()
    return Ratings(work.session).put(
        user_id,
        subject.key,
        **{**asdict(subject), "kind": subject.kind.value},
        question_key=question_key(subject.question),
        **said.columns(),
        state=RatingState.NEW.value,
        created_at=now,
        updated_at=now,
    )


def _change(record: RatingRecord, said: Said) -> bool:
    """Bring an earlier rating to what is said now; False where it says the same."""
    changes = {name: value for name, value in said.columns().items() if getattr(record, name) != value}
    if not changes:
        return False
    for name, value in changes.items():
        setattr(record, name, value)
    if "verdict" in changes:
        record.reviewed_by = None
    if record.state == RatingState.DISCARDED and "verdict" in changes:
        record.state, record.held_reason = RatingState.HELD.value, _CHANGED
    elif record.state == RatingState.COUNTED:
        record.state = RatingState.NEW.value
    return True


def said_of(verdict: Verdict) -> Said:
    """A bare verdict."""
    return Said(verdict.value)
