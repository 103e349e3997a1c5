"""Makes an answer from a question and its passages: by the language model, from extracts, or not at all."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

from src.core.errors import ModelError
from src.core.messages.questions import Hit, Style
from src.core.ports import ChatModel, ChatTurn, TextPiece, UsagePiece
from src.services.text.evidence import EvidenceCheck
from src.services.text.sentences import Words
from src.services.text.support import Supports

from .citations import SentenceWriter
from .draft import Delta, Draft, Item
from .extract import MODEL, Extractor
from .markdown import code_span
from .prompt import Prompts, named

log = logging.getLogger(__name__)

NO_ANSWER = "The sources hold no answer to this question."
WEAK = (
    "No passage that was found is close enough to the question to answer from. Try the words that the "
    "documents use, in their language, or choose other collections."
)
INTERRUPTION = "*The language model stopped here. What follows is quoted from the sources.*"
_NEAREST = 3
_CHARACTERS_PER_TOKEN = 16
"""More than the tokens of any text have on average: who writes on minds no limit, and is stopped."""


@dataclass(frozen=True)
class Asked:
    """A question: ``text`` as it was put, ``condensed`` as it stands alone. ``searched`` names the
    collections, empty for all that the caller may read."""

    text: str
    condensed: str
    style: Style = Style.DEFAULT
    history: tuple[ChatTurn, ...] = ()
    searched: tuple[str, ...] = ()


class Composer:
    """Composes answers. ``chat`` None means extracts only. ``passage_characters`` is what of the passages
    a model is shown, in all; small local models have little room."""

    def __init__(
        self,
        *,
        chat: ChatModel | None,
        extractor: Extractor,
        prompts: Prompts,
        words: Words,
        evidence: EvidenceCheck,
        max_tokens: int = 1024,
        passage_characters: int = 24_000,
    ) -> None:
        self._chat = chat
        self._extractor = extractor
        self._prompts = prompts
        self._words = words
        self._evidence = evidence
        self._max_tokens = max_tokens
        self._characters = passage_characters

    def compose(
        self,
        asked: Asked,
        hits: Sequence[Hit],
        draft: Draft,
        *,
        timeout_s: float,
        abandoned: Callable[[], bool] = lambda: False,
    ) -> Generator[Item, None, None]:
        """The items of the answer, which ``draft`` records. Raises nothing of the model's: where it
        fails, extracts take over, and what was given out stays. A model's call ends with the first piece
        after ``abandoned`` has become True, and the answer where it stands."""
        evidence = self._evidence.weigh(asked.condensed, hits, quoting=self._chat is None)
        if not evidence.enough:
            log.info("evidence too weak: cosine %.2f, coverage %.2f", evidence.cosine, evidence.coverage)
            yield from self._decline(asked, hits, draft)
        elif self._chat is None:
            yield from self._quote(asked, hits, draft)
        else:
            yield from self._generate(self._chat, asked, hits, draft, timeout_s, abandoned)

    def _generate(
        self,
        chat: ChatModel,
        asked: Asked,
        hits: Sequence[Hit],
        draft: Draft,
        timeout_s: float,
        abandoned: Callable[[], bool],
    ) -> Iterator[Item]:
        draft.model = chat.name
        prompt = self._prompts.prompt(
            asked.text,
            hits,
            style=asked.style,
            history=asked.history,
            max_tokens=self._max_tokens,
            passage_characters=self._characters,
        )
        shown = "\n".join([asked.text, *(passage.text for passage in prompt.passages)])
        writer = SentenceWriter(Supports(prompt.passages, self._words), shown.__contains__, draft)
        room = self._max_tokens * _CHARACTERS_PER_TOKEN
        try:
            with closing(chat.stream(prompt, timeout_s=timeout_s)) as pieces:
                while room and not (stopped := abandoned()) and (piece := next(pieces, None)):
                    if isinstance(piece, UsagePiece):
                        draft.usage = piece
                        continue
                    if isinstance(piece, TextPiece):
                        piece = TextPiece(piece.text[:room])
                        room -= len(piece.text)
                    yield from writer.take(piece)
            if stopped:
                draft.stopped = True
            else:
                draft.cut = not room
                yield from writer.finish()
        except ModelError as error:
            yield from writer.break_off()
            yield from self._take_over(error, asked, hits, draft)
            return
        draft.notice = _notice(draft)

    def _take_over(
        self, error: ModelError, asked: Asked, hits: Sequence[Hit], draft: Draft
    ) -> Iterator[Item]:
        log.warning("extracts take over from %s: %s", draft.model, error.code)
        draft.fell_back = True
        if draft.text.strip():
            gap = "\n" if draft.text.endswith("\n") else "\n\n"
            yield draft.add(Delta(f"{gap}{INTERRUPTION}\n\n"))
        yield from self._quote(asked, hits, draft)
        draft.notice = f"The language model could not answer, so the sources are quoted. {error.detail}"

    def _quote(self, asked: Asked, hits: Sequence[Hit], draft: Draft) -> Iterator[Item]:
        draft.model = MODEL
        before = draft.text
        for item in self._extractor.extract(asked.condensed, hits, asked.style):
            yield draft.add(item)
        if draft.text == before:
            yield from self._decline(asked, hits, draft)

    def _decline(self, asked: Asked, hits: Sequence[Hit], draft: Draft) -> Iterator[Item]:
        """Say that there is no answer, what was searched, and what came nearest, which cites nothing."""
        draft.model = draft.model or MODEL
        draft.declined = True
        names = ", ".join(code_span(name) for name in asked.searched)
        searched = f"Searched: {names}." if names else "Searched: all collections that you may read."
        lines = [NO_ANSWER, "", searched]
        if hits:
            lines += ["", "The nearest passages:", ""]
            lines += [f"- {named(hit)}" for hit in hits[:_NEAREST]]
        yield draft.add(Delta("\n".join(lines) + "\n"))
        draft.notice = WEAK


def _notice(draft: Draft) -> str | None:
    """What a reader should know of a model's answer that did not fail."""
    notices = []
    if draft.stopped:
        notices.append("This answer was stopped before its end.")
    if draft.cut or (draft.usage and draft.usage.stop_reason == "max_tokens"):
        notices.append("The answer was cut at its length limit.")
    if draft.uncited and draft.quotes:
        notices.append(f"{len(draft.uncited)} of {draft.claims} statements have no source.")
    elif draft.uncited:
        notices.append("No statement has a source.")
    return " ".join(notices) or None
