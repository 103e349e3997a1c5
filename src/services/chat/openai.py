"""Any server that speaks OpenAI's chat completions: OpenAI, Ollama, vLLM, llama.cpp and others."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

from src.core.ports import ChatPiece, ChatPrompt, OnUsage, TextPiece, UsagePiece

from .counts import count_of
from .endpoint import Endpoint
from .failures import ChatError, Failures
from .markers import MarkerStream
from .plain import Thoughts, system_text, user_text, whole
from .prices import OPENAI, price_of
from .resilience import Resilience

if TYPE_CHECKING:
    from openai.types import CompletionUsage
    from openai.types.chat import ChatCompletionChunk
    from openai.types.chat.chat_completion_chunk import ChoiceDelta

DEFAULT_MODEL = "gpt-6.1-terra"
OFFICIAL_URL = "https://api.openai.com/v1"
THINKING_ROOM = 4096
"""Output tokens added for models that reason before they answer."""

_REASONS = re.compile(r"(gpt-[56]|o\d)(?!.*-chat)")
_STOP_REASONS = {"stop": "end_turn", "length": "max_tokens"}


class OpenAIChat:
    """A ChatModel over chat completions. Passages go as delimited text and `[n]` markers are read back.

    Servers differ: one that refuses ``stream_options`` is asked without them from then on, and one that
    reports no usage gives a UsagePiece with zeros. ``idle_timeout_s`` bounds the wait for each next byte.
    """

    def __init__(
        self,
        *,
        api_key: str | None,
        model: str | None = None,
        base_url: str | None = None,
        idle_timeout_s: float = 60.0,
        connect_timeout_s: float = 10.0,
        resilience: Resilience | None = None,
    ) -> None:
        from openai import OpenAI

        from .transport import DirectClient

        endpoint = Endpoint.of(base_url, api_key, default=OFFICIAL_URL)
        self._official = endpoint.official
        self._model = model or DEFAULT_MODEL
        self._price = price_of(self._model, OPENAI) if self._official else None
        self._idle_s = idle_timeout_s
        self._connect_s = connect_timeout_s
        self._resilience = resilience or Resilience()
        self._failures = Failures(endpoint.host, endpoint.key)
        self._reports_usage = True
        # Our own retries keep to a deadline; the SDK's wait as long as a server asks.
        self._client = OpenAI(
            api_key=endpoint.key, base_url=endpoint.url, max_retries=0, http_client=DirectClient()
        )

    @property
    def name(self) -> str:
        return self._model

    def stream(self, prompt: ChatPrompt, *, timeout_s: float) -> Generator[ChatPiece, None, None]:
        messages = [{"role": "system", "content": system_text(prompt)}]
        for turn in prompt.history:
            if turn.answer.strip():  # an answer may have been stopped before its first sentence
                messages.append({"role": "user", "content": turn.question})
                messages.append({"role": "assistant", "content": turn.answer})
        messages.append({"role": "user", "content": user_text(prompt)})
        request = self._request(messages, prompt.max_tokens)
        numbers = [passage.number for passage in prompt.passages]

        def attempt(deadline: float) -> Generator[ChatPiece, None, None]:
            markers = MarkerStream(numbers)
            with closing(self._pieces(request, deadline)) as pieces:
                for piece in pieces:
                    if isinstance(piece, TextPiece):
                        yield from markers.feed(piece.text)
                    else:
                        yield from markers.flush()
                        yield piece

        return self._resilience.pieces(attempt, timeout_s=timeout_s)

    def complete(
        self, system: str, text: str, *, max_tokens: int, timeout_s: float, on_usage: OnUsage | None = None
    ) -> str:
        messages = [{"role": "system", "content": system}, {"role": "user", "content": text}]
        request = self._request(messages, max_tokens)
        pieces = self._resilience.pieces(
            lambda deadline: self._pieces(request, deadline), timeout_s=timeout_s
        )
        return whole(pieces, on_usage)

    def _request(self, messages: list[dict[str, str]], max_tokens: int) -> dict[str, Any]:
        request: dict[str, Any] = {"model": self._model, "messages": messages}
        if not self._official:
            return {**request, "max_tokens": max_tokens}
        if _REASONS.match(self._model):
            request["reasoning_effort"] = "low"
            max_tokens += THINKING_ROOM
        return {**request, "max_completion_tokens": max_tokens}

    def _pieces(self, request: dict[str, Any], deadline: float) -> Generator[ChatPiece, None, None]:
        """One attempt; a second one at once where the server knows no ``stream_options``."""
        options = {"stream_options": {"include_usage": True}} if self._reports_usage else {}
        try:
            yield from self._call({**request, **options}, deadline)
        except ChatError as error:
            if not options or error.code != "model_bad_request" or "stream_options" not in error.detail:
                raise
            self._reports_usage = False
            yield from self._call(request, deadline)

    def _call(self, request: dict[str, Any], deadline: float) -> Iterator[ChatPiece]:
        import httpx2
        from openai import OpenAIError

        from .deadline import bound, speaks_events, timeout

        started = False
        try:
            wait = timeout(deadline, connect_s=self._connect_s, idle_s=self._idle_s)
            with self._client.chat.completions.create(stream=True, timeout=wait, **request) as chunks:
                if not speaks_events(chunks.response):
                    raise self._failures.error("model_bad_response")
                bound(chunks.response, deadline)
                started = True
                yield from self._read(chunks)
        except (OpenAIError, httpx2.HTTPError, ValueError) as error:
            raise self._failures.of(error, started=started) from None

    def _read(self, chunks: Iterator[ChatCompletionChunk]) -> Iterator[ChatPiece]:
        reply = _Reply()
        answered = False
        try:
            for text in reply.texts(chunks):
                answered = answered or bool(text.strip())
                if text:
                    yield TextPiece(text)
        except (AttributeError, TypeError, LookupError):
            raise self._failures.error("model_bad_response") from None
        if reply.refused:
            raise self._failures.error("model_refused")
        if not reply.stop_reason:
            raise self._failures.error("model_stream_cut" if reply.begun else "model_bad_response")
        if not answered:
            raise self._failures.error("model_empty")
        yield self._usage(reply)

    def _usage(self, reply: _Reply) -> UsagePiece:
        stop_reason = _STOP_REASONS.get(reply.stop_reason, reply.stop_reason)
        if reply.usage is None:
            return UsagePiece(self._model, 0, 0, None, stop_reason)
        read, written = (count_of(reply.usage, name) or 0 for name in ("prompt_tokens", "completion_tokens"))
        cached = count_of(getattr(reply.usage, "prompt_tokens_details", None), "cached_tokens") or 0
        cost = self._price.cost_usd(read - cached, written, cached_tokens=cached) if self._price else None
        return UsagePiece(self._model, read, written, cost, stop_reason)


class _Reply:
    """What the chunks so far amount to. Some servers end without `[DONE]`: a finish reason is the end."""

    def __init__(self) -> None:
        self.usage: CompletionUsage | None = None
        self.stop_reason = ""
        self.begun = self.refused = False

    def texts(self, chunks: Iterator[ChatCompletionChunk]) -> Iterator[str]:
        """The answer's text as it comes, without thoughts. What a chunk does not have is passed over."""
        thoughts = Thoughts()
        for chunk in chunks:
            self.begun = True
            self.usage = chunk.usage or self.usage
            for choice in getattr(chunk, "choices", None) or []:
                self.stop_reason = choice.finish_reason or self.stop_reason
                delta: ChoiceDelta | None = getattr(choice, "delta", None)
                if choice.finish_reason == "content_filter" or (delta and delta.refusal):
                    self.refused = True
                elif delta and delta.content:
                    yield thoughts.leave_out(delta.content)
        yield thoughts.rest()
