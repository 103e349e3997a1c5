"""Claude through the ``anthropic`` SDK, and any server that speaks the same protocol."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any, Literal

from src.core.ports import ChatPiece, ChatPrompt, CitationPiece, OnUsage, TextPiece, UsagePiece

from .counts import count_of
from .endpoint import Endpoint
from .failures import Failures
from .markers import MarkerStream
from .plain import Thoughts, system_text, user_text, whole
from .prices import ANTHROPIC, price_of
from .resilience import Resilience

if TYPE_CHECKING:
    from anthropic.types import RawContentBlockDelta, RawMessageStreamEvent

Citations = Literal["auto", "native", "markers"]

DEFAULT_MODEL = "claude-sonnet-5-5"
OFFICIAL_URL = "https://api.anthropic.com"
THINKING_ROOM = 4096
"""Output tokens added for models that think first and cannot be told not to."""

_OFF: dict[str, Any] = {"thinking": {"type": "disabled"}}
_REASONING: tuple[tuple[str, dict[str, Any]], ...] = (
    ("claude-sonnet-5-5", {"thinking": {"type": "between_tools"}}),
    ("claude-opus-5-5", {"output_config": {"effort": "low"}}),
    ("claude-haiku-5", _OFF),
    ("claude-sonnet-5", _OFF),
    ("claude-opus-5", _OFF),
    ("claude-fable-5", {"output_config": {"effort": "low"}}),
    ("claude-mythos", {"output_config": {"effort": "low"}}),
)
"""How each family is kept from thinking before it answers: the passages hold the answer, readers wait for
its first word, and thinking counts towards ``max_tokens``. Later names must not hide earlier ones."""

_COUNTS = ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
_BLOCK_END = re.compile(r"(?<=[.!?])[ \t]+(?=[A-Z])|\n\s*\n")


class AnthropicChat:
    """A ChatModel over the Messages API.

    ``citations``: ``native`` sends passages as ``search_result`` blocks and reads the API's citations;
    ``markers`` sends them as delimited text and reads `[n]` from the answer, for compatible servers, which
    ignore such blocks; ``auto`` is native for Anthropic's own host and markers for any other.
    ``idle_timeout_s`` bounds the wait for each next byte.
    """

    def __init__(
        self,
        *,
        api_key: str | None,
        model: str | None = None,
        base_url: str | None = None,
        citations: Citations = "auto",
        idle_timeout_s: float = 60.0,
        connect_timeout_s: float = 10.0,
        resilience: Resilience | None = None,
    ) -> None:
        from anthropic import Anthropic

        from .transport import DirectClient

        endpoint = Endpoint.of(base_url, api_key, default=OFFICIAL_URL)
        self._model = model or DEFAULT_MODEL
        self._native = citations == "native" or (citations == "auto" and endpoint.official)
        self._price = price_of(self._model, ANTHROPIC) if endpoint.official else None
        self._idle_s = idle_timeout_s
        self._connect_s = connect_timeout_s
        self._resilience = resilience or Resilience()
        self._failures = Failures(endpoint.host, endpoint.key)
        # Our own retries keep to a deadline; the SDK's wait as long as a server asks.
        self._client = Anthropic(
            api_key=endpoint.key, base_url=endpoint.url, max_retries=0, http_client=DirectClient()
        )

    @property
    def name(self) -> str:
        return self._model

    def stream(self, prompt: ChatPrompt, *, timeout_s: float) -> Generator[ChatPiece, None, None]:
        request = self._native_request(prompt) if self._native else self._plain_request(prompt)
        numbers = [passage.number for passage in prompt.passages] if self._native else []

        def attempt(deadline: float) -> Generator[ChatPiece, None, None]:
            pieces = self._pieces(request, deadline, numbers)
            return pieces if self._native else _with_markers(pieces, prompt)

        return self._resilience.pieces(attempt, timeout_s=timeout_s)

    def complete(
        self, system: str, text: str, *, max_tokens: int, timeout_s: float, on_usage: OnUsage | None = None
    ) -> str:
        request = self._request(system, [{"role": "user", "content": text}], max_tokens)
        pieces = self._resilience.pieces(
            lambda deadline: self._pieces(request, deadline, []), timeout_s=timeout_s
        )
        return whole(pieces, on_usage)

    def _native_request(self, prompt: ChatPrompt) -> dict[str, Any]:
        content: list[dict[str, Any]] = [
            {
                "type": "search_result",
                "source": passage.source or f"passage {passage.number}",
                "title": passage.title or f"passage {passage.number}",
                "content": [{"type": "text", "text": block} for block in citable_blocks(passage.text)],
                "citations": {"enabled": True},
            }
            for passage in prompt.passages
        ]
        content.append({"type": "text", "text": prompt.question})
        return self._request(prompt.system, [*_history(prompt), _user(content)], prompt.max_tokens)

    def _plain_request(self, prompt: ChatPrompt) -> dict[str, Any]:
        messages = [*_history(prompt), _user(user_text(prompt))]
        return self._request(system_text(prompt), messages, prompt.max_tokens)

    def _request(self, system: str, messages: list[dict[str, Any]], max_tokens: int) -> dict[str, Any]:
        extra = next((extra for family, extra in _REASONING if self._model.startswith(family)), {})
        if "output_config" in extra:
            max_tokens += THINKING_ROOM
        return {
            "model": self._model,
            "system": system,
            "messages": messages,
            "max_tokens": max_tokens,
            **extra,
        }

    def _pieces(
        self, request: dict[str, Any], deadline: float, numbers: list[int]
    ) -> Generator[ChatPiece, None, None]:
        """One attempt, as pieces with the API's own citations."""
        import httpx2
        from anthropic import AnthropicError

        from .deadline import bound, speaks_events, timeout

        started = False
        try:
            wait = timeout(deadline, connect_s=self._connect_s, idle_s=self._idle_s)
            with self._client.messages.create(stream=True, timeout=wait, **request) as events:
                if not speaks_events(events.response):
                    raise self._failures.error("model_bad_response")
                bound(events.response, deadline)
                started = True
                yield from self._read(events, numbers)
        except (AnthropicError, httpx2.HTTPError, ValueError) as error:
            raise self._failures.of(error, started=started) from None

    def _read(self, events: Iterable[RawMessageStreamEvent], numbers: list[int]) -> Iterator[ChatPiece]:
        reply = _Reply(numbers, None if self._native else Thoughts())
        for event in events:
            try:
                pieces = reply.take(event)
            except (AttributeError, TypeError, LookupError):
                raise self._failures.error("model_bad_response") from None
            yield from pieces
            if reply.stopped:
                break
        if not reply.stop_reason and not reply.stopped:
            raise self._failures.error("model_stream_cut" if reply.begun else "model_bad_response")
        yield from reply.rest()
        if reply.stop_reason == "refusal":
            raise self._failures.error("model_refused")
        if not reply.answered:
            raise self._failures.error("model_empty")
        yield self._usage(reply)

    def _usage(self, reply: _Reply) -> UsagePiece:
        fresh, output, cached, written = (reply.usage.get(name, 0) for name in _COUNTS)
        cost = None
        if self._price:
            cost = self._price.cost_usd(fresh, output, cached_tokens=cached, written_tokens=written)
        total = fresh + cached + written
        return UsagePiece(self._model, total, output, cost, reply.stop_reason or "end_turn")


class _Reply:
    """What the events so far amount to. A block's citations come out after its text, wherever they stood.
    ``thoughts`` leaves out those that compatible servers put into the text; Claude has blocks for them.
    Some servers end without ``message_stop``: a stop reason is the end."""

    def __init__(self, numbers: list[int], thoughts: Thoughts | None) -> None:
        self._numbers = numbers
        self._thoughts = thoughts
        self._cited: list[ChatPiece] = []
        self.usage: dict[str, int] = {}
        self.stop_reason = ""
        self.begun = self.answered = self.stopped = False

    def take(self, event: RawMessageStreamEvent) -> list[ChatPiece]:
        """The pieces that are certain with this event; kinds of events that are new are passed over."""
        if event.type == "message_start":
            self.begun = True
            self._count(event.message.usage)
        elif event.type == "content_block_start":
            block = event.content_block
            return self._text(getattr(block, "text", None) or "") if block.type == "text" else []
        elif event.type == "content_block_delta":
            return self._delta(event.delta)
        elif event.type == "content_block_stop":
            cited, self._cited = self._cited, []
            return cited
        elif event.type == "message_delta":
            self._count(event.usage)
            self.stop_reason = event.delta.stop_reason or self.stop_reason
        elif event.type == "message_stop":
            self.stopped = True
        return []

    def rest(self) -> list[ChatPiece]:
        """What was held back, at the end of the answer."""
        shown = self._shown(self._thoughts.rest()) if self._thoughts else []
        cited, self._cited = self._cited, []
        return [*shown, *cited]

    def _delta(self, delta: RawContentBlockDelta) -> list[ChatPiece]:
        if delta.type == "text_delta":
            return self._text(delta.text)
        if delta.type == "citations_delta" and delta.citation.type == "search_result_location":
            index = delta.citation.search_result_index
            if 0 <= index < len(self._numbers):
                self._cited.append(CitationPiece(self._numbers[index], delta.citation.cited_text))
        return []

    def _text(self, text: str) -> list[ChatPiece]:
        return self._shown(self._thoughts.leave_out(text) if self._thoughts else text)

    def _shown(self, text: str) -> list[ChatPiece]:
        self.answered = self.answered or bool(text.strip())
        return [TextPiece(text)] if text else []

    def _count(self, counted: object) -> None:
        """Take over the counts that are given; those of later events are cumulative."""
        for name in _COUNTS:
            value = count_of(counted, name)
            if value is not None:
                self.usage[name] = value


def citable_blocks(text: str) -> list[str]:
    """Cut a passage into sentences and paragraphs, the smallest spans that the API can cite.

    Joined they are the text again; no block is blank.
    """
    blocks: list[str] = []
    start = 0
    for border in [found.end() for found in _BLOCK_END.finditer(text)] + [len(text)]:
        block, start = text[start:border], border
        if blocks and not block.strip():
            blocks[-1] += block
        elif block:
            blocks.append(block)
    if len(blocks) > 1 and not blocks[0].strip():
        blocks[:2] = [blocks[0] + blocks[1]]
    return [block for block in blocks if block.strip()] or ["(empty)"]


def _user(content: object) -> dict[str, Any]:
    return {"role": "user", "content": content}


def _history(prompt: ChatPrompt) -> list[dict[str, Any]]:
    turns: list[dict[str, Any]] = []
    for turn in prompt.history:
        if turn.question.strip() and turn.answer.strip():
            turns += [_user(turn.question), {"role": "assistant", "content": turn.answer}]
    return turns


def _with_markers(
    pieces: Generator[ChatPiece, None, None], prompt: ChatPrompt
) -> Generator[ChatPiece, None, None]:
    markers = MarkerStream([passage.number for passage in prompt.passages])
    with closing(pieces):
        for piece in pieces:
            if isinstance(piece, TextPiece):
                yield from markers.feed(piece.text)
            else:
                yield from markers.flush()
                yield piece
