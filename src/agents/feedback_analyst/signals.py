"""What readers did with what was shown, without saying anything of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from src.core.context import Context
from src.core.errors import ConflictError, NotFoundError
from src.core.messages.feedback import NoteSignal, SignalKind
from src.core.messages.questions import Answer, QuestionAnswered
from src.database.repositories.feedback import Signals
from src.database.uow import Database, Work

from .ratings import person
from .subjects import hit, own_answer, own_search

_AGAIN_WITHIN = timedelta(minutes=10)
_LOOKED_BACK = 5
_ALIKE = 0.5
_WHOLE = "-"

Words = Callable[[str], Sequence[str]]
"""The content words of a text: stems, without stop words."""


def note(database: Database, request: NoteSignal, ctx: Context) -> None:
    """Count what the caller did; raises NotFoundError for what was not shown to them."""
    user_id = person(ctx)
    place = collection_id = None
    with database.read() as work:
        if request.answer_id is not None:
            if own_answer(work, ctx.caller, request.answer_id).query_id != request.query_id:
                raise NotFoundError(f"The answer was not made from the search {request.query_id}.")
        else:
            own_search(work, ctx.caller, request.query_id)
        if request.passage_id is not None:
            subject = hit(request.query_id, request.passage_id)(work, ctx.caller)
            place, collection_id = subject.place, subject.collection_id
    try:
        with database.begin(ctx, relaxed=True) as writing:
            Signals(writing.session).note(
                user_id,
                f"{request.kind}:{request.query_id}:{request.passage_id or _WHOLE}",
                writing.now(),
                kind=request.kind.value,
                search_id=request.query_id,
                answer_id=request.answer_id,
                collection_id=collection_id,
                passage_id=request.passage_id,
                place=place,
            )
            writing.commit()
    except ConflictError as error:
        raise NotFoundError("What was shown has been deleted since.") from error


def note_asked_again(database: Database, words: Words, event: QuestionAnswered, ctx: Context) -> None:
    """Where the same user asked nearly the same a few minutes before, the earlier answer did not do."""
    with database.read() as work:
        earlier = _asked_before(work, words, event.answer_id)
    if earlier is None:
        return
    user_id, answer = earlier
    with database.begin(ctx) as writing:
        Signals(writing.session).note(
            user_id,
            f"{SignalKind.ASKED_AGAIN}:{answer.query_id}:{_WHOLE}",
            writing.now(),
            kind=SignalKind.ASKED_AGAIN.value,
            search_id=answer.query_id,
            answer_id=answer.answer_id,
            collection_id=None,
            passage_id=None,
            place=None,
        )
        writing.commit()


def _asked_before(work: Work, words: Words, answer_id: str) -> tuple[str, Answer] | None:
    """The user, and the newest earlier answer to a question with mostly the same words."""
    record = work.answers.find(answer_id)
    if record is None or record.user_id is None:
        return None
    earlier, _ = work.answers.page(record.user_id, None, limit=_LOOKED_BACK, cursor=answer_id)
    asked = set(words(record.question))
    for one in earlier:
        if record.asked_at - one.asked_at > _AGAIN_WITHIN:
            break
        before = set(words(one.question))
        if asked and len(asked & before) / len(asked | before) >= _ALIKE:
            return record.user_id, Answer.model_validate(one.answer)
    return None
