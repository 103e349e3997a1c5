"""The answer agent."""

from __future__ import annotations

import logging
from contextlib import closing

from src.core.agent import Agent, handles
from src.core.clock import new_id
from src.core.context import Context
from src.core.errors import AppError
from src.core.messages import Page
from src.core.messages.answering import Recipe
from src.core.messages.questions import (
    Answer,
    AnswerCitation,
    AnswerDelta,
    AnswerSummary,
    AskQuestion,
    Citation,
    GetAnswer,
    Hit,
    ListAnswers,
    Retrieved,
    SearchResults,
    Usage,
)
from src.core.ports import ChatModel, ChatTurn, Embedder
from src.database.uow import Database
from src.services.chat.models import ChatModels
from src.services.text.evidence import EvidenceCheck
from src.services.text.sentences import Words

from .archive import AnswerArchive
from .choosing import Choice
from .composition import Asked, Composer
from .draft import Cited, Delta, Draft
from .extract import Extractor
from .finding import Finder, Times
from .prompt import Prompts
from .provenance import citation

log = logging.getLogger(__name__)

_TURNS = 4
"""Earlier turns of a conversation that a question is read with."""
_RESERVE_S = 10.0
"""Kept back of a deadline for what follows the model: the extracts that take over, and the record."""


class AnswerAgent(Agent):
    """Answers questions from what was retrieved, with citations, and keeps every answer as it was shown."""

    name = "answer"

    def __init__(
        self,
        database: Database,
        embedder: Embedder,
        chats: ChatModels,
        words: Words,
        *,
        timeout_s: float,
        max_tokens: int,
    ) -> None:
        self._database = database
        self._archive = AnswerArchive(database)
        self._choice = Choice(database)
        self._words = words
        self._timeout_s = timeout_s
        self._max_tokens = max_tokens
        self._prompts = Prompts.load()
        self._extractor = Extractor(embedder, words)
        self._finder = Finder(database, chats, words, condensing=self._prompts.condense, timeout_s=timeout_s)

    @handles(AskQuestion)
    def ask(self, request: AskQuestion, ctx: Context) -> Answer:
        times = Times(ctx.clock, ctx.clock.monotonic(), {})
        asked_at, answer_id = ctx.clock.now(), new_id()
        conversation_id = request.conversation_id or new_id()
        history = self._history(request, ctx)
        chosen, found = self._finder.find(request, history, self._choice.of(request, ctx), times, ctx)
        recipe, asked, results = chosen.recipe, found.asked, found.results
        mark = ctx.clock.monotonic()
        retrieved = Retrieved(answer_id=answer_id, conversation_id=conversation_id, passages=results.hits)
        ctx.emit(retrieved)
        draft = Draft()
        prompts = self._prompts.using(recipe.template, recipe.template_text)
        composer = self._composer(recipe, found.chat, prompts)
        citations = self._compose(composer, asked, results, draft, ctx)
        times.note("compose", mark)
        times.note("total", times.began)
        answer = Answer(
            answer_id=answer_id,
            conversation_id=conversation_id,
            question=request.question,
            condensed=asked.condensed,
            style=asked.style,
            text=draft.text,
            grounded=draft.grounded,
            citations=citations,
            passages=results.hits,
            query_id=results.query_id,
            model=draft.model,
            prompt_version=prompts.version,
            index_version=results.index_version,
            settings_id=chosen.settings_id,
            experiment_id=chosen.experiment_id,
            arm=chosen.arm,
            notice=_joined(chosen.notice, found.notice, draft.notice, *results.notices),
            usage=_usage(draft),
            took_ms=times.taken,
            asked_at=asked_at,
            asked_by=ctx.caller.username if ctx.caller.user_id else None,
        )
        self._archive.keep(answer, draft, ctx)
        return answer

    @handles(GetAnswer)
    def get(self, request: GetAnswer, ctx: Context) -> Answer:
        return self._archive.get(request.answer_id)

    @handles(ListAnswers)
    def list(self, request: ListAnswers, ctx: Context) -> Page[AnswerSummary]:
        return self._archive.page(ctx.caller, request)

    def _history(self, request: AskQuestion, ctx: Context) -> tuple[ChatTurn, ...]:
        """The turns before, as far as the caller may still read what they quote."""
        if request.conversation_id is None:
            return ()
        turns = []
        for answer_id in self._archive.turns(request.conversation_id, ctx.caller, limit=_TURNS):
            try:
                earlier = ctx.ask(GetAnswer(answer_id=answer_id))
            except AppError as error:
                log.info("a turn is left out of the conversation: %s", error.code)
                continue
            turns.append(ChatTurn(earlier.question, earlier.text))
        return tuple(turns)

    def _composer(self, recipe: Recipe, chat: ChatModel | None, prompts: Prompts) -> Composer:
        return Composer(
            chat=chat,
            extractor=self._extractor,
            prompts=prompts,
            words=self._words,
            evidence=EvidenceCheck.at_least(self._words, recipe.evidence),
            max_tokens=self._max_tokens,
        )

    def _compose(
        self, composer: Composer, asked: Asked, results: SearchResults, draft: Draft, ctx: Context
    ) -> tuple[Citation, ...]:
        hits: dict[int, Hit] = {hit.rank: hit for hit in results.hits}
        hashes = self._content_hashes(results)
        citations: dict[int, Citation] = {}
        timeout_s = max(1.0, ctx.remaining_s(self._timeout_s + _RESERVE_S) - _RESERVE_S)
        composed = composer.compose(asked, results.hits, draft, timeout_s=timeout_s, abandoned=ctx.abandoned)
        with closing(composed) as items:
            for item in items:
                if isinstance(item, Delta):
                    ctx.emit(AnswerDelta(text=item.text))
                elif item.number not in citations:
                    made = citation(Cited(item.number, item.quote), hits[item.number], hashes)
                    citations[item.number] = made
                    ctx.emit(AnswerCitation(citation=made))
        return tuple(citations.values())

    def _content_hashes(self, results: SearchResults) -> dict[str, str | None]:
        """Which version of each document is quoted; none where it has changed since it was searched."""
        with self._database.read() as work:
            found = work.passages.with_documents([hit.passage_id for hit in results.hits])
            return {row.DocumentRecord.id: row.DocumentRecord.live_hash for row in found.values()}


def _joined(*notices: str | None) -> str | None:
    return " ".join(notice for notice in notices if notice) or None


def _usage(draft: Draft) -> Usage:
    used = draft.usage
    return (
        Usage(input_tokens=used.input_tokens, output_tokens=used.output_tokens, cost_usd=used.cost_usd)
        if used
        else Usage()
    )
