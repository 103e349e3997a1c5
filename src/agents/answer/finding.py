"""What a question is searched for as, by whose settings, and what is found for it."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from src.core.clock import Clock
from src.core.context import Context
from src.core.errors import AppError
from src.core.messages.answering import Recipe, Rewriting
from src.core.messages.questions import LONGEST_QUESTION, AskQuestion, Search, SearchResults, Style
from src.core.ports import ChatModel, ChatTurn
from src.database.uow import Database
from src.services.chat.models import ChatModels
from src.services.text.sentences import Words

from .choosing import Chosen
from .composition import Asked
from .condense import condense

log = logging.getLogger(__name__)

_CONDENSING_S = 15.0


@dataclass
class Times:
    """Milliseconds of each stage."""

    clock: Clock
    began: float
    taken: dict[str, float]

    def note(self, stage: str, since: float) -> float:
        now = self.clock.monotonic()
        self.taken[stage] = round(self.taken.get(stage, 0.0) + (now - since) * 1000, 3)
        return now


@dataclass(frozen=True)
class Found:
    """What a question comes to by a recipe: who reads it, and what was found for it."""

    recipe: Recipe
    chat: ChatModel | None
    notice: str | None
    asked: Asked
    search: Search
    results: SearchResults

    @property
    def first(self) -> str | None:
        """The collection of the first passage."""
        return next((hit.collection_id for hit in self.results.hits), None)


class Finder:
    """Reads questions and searches for them. ``condensing`` is the prompt that makes a question stand
    alone."""

    def __init__(
        self, database: Database, chats: ChatModels, words: Words, *, condensing: str, timeout_s: float
    ) -> None:
        self._database = database
        self._chats = chats
        self._words = words
        self._condensing = condensing
        self._timeout_s = timeout_s

    def find(
        self,
        request: AskQuestion,
        history: tuple[ChatTurn, ...],
        chosen: Chosen,
        times: Times,
        ctx: Context,
    ) -> tuple[Chosen, Found]:
        """What is found, and the way to answer that this settles."""
        found = self._search(request, history, chosen.recipe, times, ctx)
        settled = chosen.settled(found.first)
        if settled is not chosen:
            found = self._search(request, history, settled.recipe, times, ctx, before=found)
        return settled, found

    def _search(
        self,
        request: AskQuestion,
        history: tuple[ChatTurn, ...],
        recipe: Recipe,
        times: Times,
        ctx: Context,
        *,
        before: Found | None = None,
    ) -> Found:
        """Read a question and search for it; what another recipe did ``before`` alike is not done again."""
        mark = ctx.clock.monotonic()
        chat, notice = self._chat(recipe.model)
        if before is not None and (before.recipe.rewriting, before.chat) == (recipe.rewriting, chat):
            condensed = before.asked.condensed
        else:
            condensed = self._condensed(request, history, recipe, chat, ctx)
        asked = self._asked(request, history, recipe, condensed)
        mark = times.note("condense", mark)
        search = Search(
            query=asked.condensed,
            collection_ids=request.collection_ids,
            k=_passages(request, recipe),
            filters=request.filters,
            memory=recipe.memory,
        )
        results = before.results if before is not None and before.search == search else ctx.ask(search)
        times.note("retrieve", mark)
        return Found(recipe, chat, notice, asked, search, results)

    def _condensed(
        self,
        request: AskQuestion,
        history: tuple[ChatTurn, ...],
        recipe: Recipe,
        chat: ChatModel | None,
        ctx: Context,
    ) -> str:
        """The question as it stands alone."""
        if recipe.rewriting is Rewriting.NOBODY:
            return request.question
        return condense(
            request.question,
            history,
            self._words,
            chat=chat if recipe.rewriting is Rewriting.MODEL else None,
            system=self._condensing,
            timeout_s=ctx.remaining_s(min(self._timeout_s, _CONDENSING_S)),
        )

    def _asked(
        self, request: AskQuestion, history: tuple[ChatTurn, ...], recipe: Recipe, condensed: str
    ) -> Asked:
        style = recipe.style if request.style is Style.DEFAULT and recipe.style else request.style
        names: tuple[str, ...] = ()
        if request.collection_ids is not None:
            with self._database.read() as work:
                names = tuple(sorted(work.collections.names(request.collection_ids).values()))
        return Asked(request.question, condensed[:LONGEST_QUESTION], style, history, names)

    def _chat(self, name: str | None) -> tuple[ChatModel | None, str | None]:
        """The language model of that name; where it cannot be had, the configured one and why."""
        try:
            return self._chats.named(name), None
        except AppError as error:
            log.warning("the model %s cannot be used: %s", name, error.code)
            notice = f"The language model of this collection cannot be used. {error.detail}"
            return self._chats.configured, notice


def _passages(request: AskQuestion, recipe: Recipe) -> int:
    """How many passages to ask for: what the question says goes before what is set for all."""
    if recipe.passages is None or "k" in request.model_fields_set:
        return request.k
    return recipe.passages
