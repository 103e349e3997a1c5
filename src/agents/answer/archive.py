"""Keeps answers as they were shown, by conversation."""

from __future__ import annotations

from src.core.caller import Caller
from src.core.context import Context
from src.core.errors import NotFoundError
from src.core.messages import Page
from src.core.messages.questions import Answer, AnswerSummary, ListAnswers, QuestionAnswered
from src.database.models import AnswerRecord, ConversationRecord
from src.database.uow import Database

from .draft import Draft


class AnswerArchive:
    """The stored answers. Who may read one is decided before it is asked for."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, answer_id: str) -> Answer:
        """Raise NotFoundError where there is none."""
        with self._database.read() as work:
            return Answer.model_validate(work.answers.get(answer_id).answer)

    def page(self, caller: Caller, request: ListAnswers) -> Page[AnswerSummary]:
        """The caller's own answers, newest first."""
        with self._database.read() as work:
            records, cursor = work.answers.page(
                caller.user_id, request.conversation_id, limit=request.limit, cursor=request.cursor
            )
            items = tuple(
                AnswerSummary(
                    answer_id=record.id,
                    conversation_id=record.conversation_id,
                    question=record.question,
                    grounded=record.grounded,
                    model=record.model,
                    asked_at=record.asked_at,
                )
                for record in records
            )
        return Page[AnswerSummary](items=items, next=cursor)

    def turns(self, conversation_id: str, caller: Caller, *, limit: int) -> list[str]:
        """The ids of the last answers of the caller's conversation, oldest first.

        Raises NotFoundError where the caller has no such conversation.
        """
        with self._database.read() as work:
            conversation = work.conversations.find(conversation_id)
            if conversation is None or conversation.user_id != caller.user_id:
                raise NotFoundError(f"There is no conversation {conversation_id}.")
            return [record.id for record in work.answers.turns(conversation_id, limit=limit)]

    def keep(self, answer: Answer, draft: Draft, ctx: Context) -> None:
        """Store the answer with the figures of its draft, and tell that it was given."""
        collection_ids = tuple(sorted({hit.collection_id for hit in answer.passages}))
        with self._database.begin(ctx) as work:
            if work.conversations.find(answer.conversation_id) is None:
                work.conversations.add(
                    ConversationRecord(
                        id=answer.conversation_id, user_id=ctx.caller.user_id, created_at=work.now()
                    )
                )
                work.session.flush()
            work.answers.add(
                AnswerRecord(
                    id=answer.answer_id,
                    conversation_id=answer.conversation_id,
                    user_id=ctx.caller.user_id,
                    question=answer.question,
                    grounded=answer.grounded,
                    model=answer.model,
                    answer=answer.model_dump(mode="json"),
                    refused=draft.refused,
                    claims=draft.claims,
                    unsupported=len(draft.uncited),
                    input_tokens=answer.usage.input_tokens,
                    output_tokens=answer.usage.output_tokens,
                    cost_usd=answer.usage.cost_usd,
                    fell_back=draft.fell_back,
                    took_ms=answer.took_ms,
                    experiment_id=answer.experiment_id,
                    arm=answer.arm,
                    asked_at=answer.asked_at,
                )
            )
            work.session.flush()
            work.answers.quote(answer.answer_id, collection_ids)
            work.publish(
                QuestionAnswered(
                    answer_id=answer.answer_id,
                    conversation_id=answer.conversation_id,
                    model=answer.model,
                    grounded=answer.grounded,
                    collection_ids=collection_ids,
                )
            )
            work.commit()
