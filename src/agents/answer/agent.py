"""The answer agent."""

from __future__ import annotations

import logging
from contextlib import closing
from dataclasses import dataclass

from src.core.agent import Agent, handles
from src.core.clock import Clock, new_id
from src.core.context import Context
from src.core.errors import AppError
from src.core.messages import Page
from src.core.messages.answering import Recipe, Rewriting
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
    Search,
    SearchResults,
    Style,
    Usage,
)
from src.core.ports import ChatModel, ChatTurn, Embedder
from src.database.uow import Database
from src.services.chat.models import ChatModels

from .archive import AnswerArchive
from .choosing import Choice
from .composition import Asked, Composer
from .condense import condense
from .draft import Cited, Delta, Draft
from .evidence import EvidenceCheck
from .extract import Extractor
from .prompt import Prompts
from .provenance import citation
from .sentences import Words

log = logging.getLogger(__name__)

_TURNS = 4
"""Earlier turns of a conversation that a question is read with."""
_LONGEST_QUERY = 4000
_CONDENSING_S = 15.0
_RESERVE_S = 10.0
"""Kept back of a deadline for what follows the model: the extracts that take over, and the record."""


@dataclass
class _Times:
    """Milliseconds of each stage."""

    clock: Clock
    began: float
    taken: dict[str, float]

    def note(self, stage: str, since: float) -> float:
        now = self.clock.monotonic()
        self.taken[stage] = round((now - since) * 1000, 3)
        return now


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
        self._chats = chats
        self._words = words
        self._timeout_s = timeout_s
        self._max_tokens = max_tokens
        self._prompts = Prompts.load()
        self._extractor = Extractor(embedder, words)

    @handles(AskQuestion)
    def ask(self, request: AskQuestion, ctx: Context) -> Answer:
        times = _Times(ctx.clock, ctx.clock.monotonic(), {})
        asked_at, answer_id = ctx.clock.now(), new_id()
        conversation_id = request.conversation_id or new_id()
        history = self._history(request, ctx)
        chosen = self._choice.of(request, ctx)
        recipe = chosen.recipe
        chat, notice = self._chat(recipe.model)
        asked = self._asked(request, history, recipe, chat, ctx)
        mark = times.note("condense", times.began)
        results = ctx.ask(
            Search(
                query=asked.condensed,
                collection_ids=request.collection_ids,
                k=_passages(request, recipe),
                filters=request.filters,
                memory=recipe.memory,
            )
        )
        mark = times.note("retrieve", mark)
        retrieved = Retrieved(answer_id=answer_id, conversation_id=conversation_id, passages=results.hits)
        ctx.emit(retrieved)
        draft = Draft()
        prompts = self._prompts.using(recipe.template, recipe.template_text)
        composer = self._composer(recipe, chat, prompts)
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
            notice=_joined(chosen.notice, notice, draft.notice, *results.notices),
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

    def _chat(self, name: str | None) -> tuple[ChatModel | None, str | None]:
        """The language model of that name; where it cannot be had, the configured one and why."""
        try:
            return self._chats.named(name), None
        except AppError as error:
            log.warning("the model %s cannot be used: %s", name, error.code)
            notice = f"The language model of this collection cannot be used. {error.detail}"
            return self._chats.configured, notice

    def _composer(self, recipe: Recipe, chat: ChatModel | None, prompts: Prompts) -> Composer:
        return Composer(
            chat=chat,
            extractor=self._extractor,
            prompts=prompts,
            words=self._words,
            evidence=EvidenceCheck.at_least(self._words, recipe.evidence),
            max_tokens=self._max_tokens,
        )

    def _asked(
        self,
        request: AskQuestion,
        history: tuple[ChatTurn, ...],
        recipe: Recipe,
        chat: ChatModel | None,
        ctx: Context,
    ) -> Asked:
        condensed = request.question
        if recipe.rewriting is not Rewriting.NOBODY:
            condensed = condense(
                request.question,
                history,
                self._words,
                chat=chat if recipe.rewriting is Rewriting.MODEL else None,
                system=self._prompts.condense,
                timeout_s=ctx.remaining_s(min(self._timeout_s, _CONDENSING_S)),
            )
        style = recipe.style if request.style is Style.DEFAULT and recipe.style else request.style
        names: tuple[str, ...] = ()
        if request.collection_ids is not None:
            with self._database.read() as work:
                names = tuple(sorted(work.collections.names(request.collection_ids).values()))
        return Asked(request.question, condensed[:_LONGEST_QUERY], style, history, names)

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


def _passages(request: AskQuestion, recipe: Recipe) -> int:
    """How many passages to ask for: what the question says goes before what is set for all."""
    if recipe.passages is None or "k" in request.model_fields_set:
        return request.k
    return recipe.passages


def _joined(*notices: str | None) -> str | None:
    return " ".join(notice for notice in notices if notice) or None


def _usage(draft: Draft) -> Usage:
    used = draft.usage
    return (
        Usage(input_tokens=used.input_tokens, output_tokens=used.output_tokens, cost_usd=used.cost_usd)
        if used
        else Usage()
    )
