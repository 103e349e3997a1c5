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
    Usage,
)
from src.core.ports import ChatModel, ChatTurn, Embedder
from src.database.uow import Database

from .archive import AnswerArchive
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
        chat: ChatModel | None,
        words: Words,
        *,
        timeout_s: float,
        max_tokens: int,
    ) -> None:
        self._database = database
        self._archive = AnswerArchive(database)
        self._chat = chat
        self._words = words
        self._timeout_s = timeout_s
        self._prompts = Prompts.load()
        self._composer = Composer(
            chat=chat,
            extractor=Extractor(embedder, words),
            prompts=self._prompts,
            words=words,
            evidence=EvidenceCheck(words),
            max_tokens=max_tokens,
        )

    @handles(AskQuestion)
    def ask(self, request: AskQuestion, ctx: Context) -> Answer:
        times = _Times(ctx.clock, ctx.clock.monotonic(), {})
        asked_at, answer_id = ctx.clock.now(), new_id()
        conversation_id = request.conversation_id or new_id()
        history = self._history(request, ctx)
        asked = self._asked(request, history, ctx)
        mark = times.note("condense", times.began)
        results = ctx.ask(
            Search(
                query=asked.condensed,
                collection_ids=request.collection_ids,
                k=request.k,
                filters=request.filters,
            )
        )
        mark = times.note("retrieve", mark)
        retrieved = Retrieved(answer_id=answer_id, conversation_id=conversation_id, passages=results.hits)
        ctx.emit(retrieved)
        draft = Draft()
        citations = self._compose(asked, results, draft, ctx)
        times.note("compose", mark)
        times.note("total", times.began)
        answer = Answer(
            answer_id=answer_id,
            conversation_id=conversation_id,
            question=request.question,
            condensed=asked.condensed,
            style=request.style,
            text=draft.text,
            grounded=draft.grounded,
            citations=citations,
            passages=results.hits,
            query_id=results.query_id,
            model=draft.model,
            prompt_version=self._prompts.version,
            index_version=results.index_version,
            notice=" ".join([*([draft.notice] if draft.notice else []), *results.notices]) or None,
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

    def _asked(self, request: AskQuestion, history: tuple[ChatTurn, ...], ctx: Context) -> Asked:
        condensed = condense(
            request.question,
            history,
            self._words,
            chat=self._chat,
            system=self._prompts.condense,
            timeout_s=ctx.remaining_s(min(self._timeout_s, _CONDENSING_S)),
        )
        names: tuple[str, ...] = ()
        if request.collection_ids is not None:
            with self._database.read() as work:
                names = tuple(sorted(work.collections.names(request.collection_ids).values()))
        return Asked(request.question, condensed[:_LONGEST_QUERY], request.style, history, names)

    def _compose(
        self, asked: Asked, results: SearchResults, draft: Draft, ctx: Context
    ) -> tuple[Citation, ...]:
        hits: dict[int, Hit] = {hit.rank: hit for hit in results.hits}
        hashes = self._content_hashes(results)
        citations: dict[int, Citation] = {}
        timeout_s = max(1.0, ctx.remaining_s(self._timeout_s + _RESERVE_S) - _RESERVE_S)
        composed = self._composer.compose(
            asked, results.hits, draft, timeout_s=timeout_s, abandoned=ctx.abandoned
        )
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


def _usage(draft: Draft) -> Usage:
    used = draft.usage
    return (
        Usage(input_tokens=used.input_tokens, output_tokens=used.output_tokens, cost_usd=used.cost_usd)
        if used
        else Usage()
    )
