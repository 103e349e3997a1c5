"""The stream behind the ask page: the same parts as the API's, already in the page's HTML.

Events: `passages` (what was found, as HTML), `blocks` (`{first, html}`: the answer's text from its
block ``first`` on), `citation` (a card), `done` (`{html, url}`: the whole turn as it is stored) and
`problem` (a failure as HTML).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

from markupsafe import Markup

from src.core.messages.questions import Answer, AnswerCitation, AnswerDelta, Citation, Hit, Retrieved
from src.web.markdown import sanitised
from src.web.pages.feedback.own import OwnRatings
from src.web.problems import Problem
from src.web.streams import AnswerPart, ServerEvent

from .turns import MARKDOWN, Turn, anchor_of, card_of, turn_of

_PAUSE_S = 0.06
"""Text is set again at most this often: a fast model sends a hundred pieces a second."""

Render = Callable[..., str]


class PageStream:
    """Turns the parts of one answer into events for the page. ``render`` renders a named template."""

    def __init__(self, render: Render, url: Callable[[Answer], str]) -> None:
        self._render = render
        self._url = url
        self._answer_id = ""
        self._passages: tuple[Hit, ...] = ()
        self._text = ""
        self._citations: list[Citation] = []
        self._shown: list[str] = []
        self._shown_at = 0.0

    def events(self, parts: Iterator[AnswerPart | None]) -> Iterator[ServerEvent | None]:
        """The events, None where there is nothing to send for the moment."""
        for part in parts:
            match part:
                case Retrieved():
                    self._answer_id, self._passages = part.answer_id, part.passages
                    html = self._render("ask/_considered.html", passages=part.passages, cited=frozenset())
                    yield _event("passages", count=len(part.passages), html=html)
                case AnswerDelta():
                    self._text += part.text
                    yield self._text_event() if time.monotonic() - self._shown_at > _PAUSE_S else None
                case AnswerCitation():
                    yield self._citation_event(part.citation)
                    yield self._text_event()
                case Answer():
                    yield self._done_event(turn_of(part, OwnRatings()))
                case Problem():
                    yield _event("problem", html=self._render("problem.html", problem=part))
                case None:
                    yield self._text_event()

    def _text_event(self) -> ServerEvent | None:
        markers = {citation.marker for citation in self._citations}
        blocks = MARKDOWN.raw_blocks(self._text, markers, anchor_of(self._answer_id))
        first = next(
            (i for i, (old, new) in enumerate(zip(self._shown, blocks, strict=False)) if old != new),
            min(len(self._shown), len(blocks)),
        )
        if first == len(blocks) == len(self._shown):
            return None
        self._shown, self._shown_at = blocks, time.monotonic()
        html = [str(sanitised(block)) for block in blocks[first:]]
        return _event("blocks", first=first, html=html)

    def _citation_event(self, citation: Citation) -> ServerEvent:
        self._citations.append(citation)
        card = card_of(citation, self._answer_id, self._passages)
        return _event("citation", html=self._render("ask/_citation.html", card=card))

    def _done_event(self, turn: Turn) -> ServerEvent:
        html = self._render("ask/_turn.html", turn=turn)
        return _event("done", html=html, url=self._url(turn.answer), conversation=turn.answer.conversation_id)


def _event(name: str, **data: Any) -> ServerEvent:
    plain = {key: str(value) if isinstance(value, Markup) else value for key, value in data.items()}
    return ServerEvent(json.dumps(plain), event=name)
