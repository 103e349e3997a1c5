"""OpenAIChat through the real SDK against a local server that streams chat completions."""

from __future__ import annotations

import pytest

from src.core.ports import ChatModel, UsagePiece
from src.services.chat.openai import OpenAIChat
from src.services.chat.resilience import Resilience
from tests.support import openai_server as wire
from tests.support.scripted_server import Cut, Reply

from .chat_prompt import KEY, PROMPT, text_of
from .marker_contract import MarkerContract

_FINISH = {"end_turn": "stop", "max_tokens": "length"}


class TestOpenAIChat(MarkerContract):
    def chat(self, url: str, *, resilience: Resilience | None = None, idle_s: float = 5.0) -> ChatModel:
        return OpenAIChat(
            api_key=KEY,
            model="local",
            base_url=f"{url}/v1",
            idle_timeout_s=idle_s,
            resilience=resilience,
        )

    def answer(self, *texts: str, stop_reason: str = "end_turn") -> Reply:
        return wire.answer(*texts, finish=_FINISH[stop_reason])

    def beginning(self, *texts: str) -> list[bytes]:
        return [wire.chunk(role="assistant"), *(wire.chunk(text) for text in texts)]

    def error(self, status: int, kind: str, message: str = "told so", **headers: str) -> Reply:
        return wire.error(status, kind, message, **headers)

    def error_event(self, kind: str) -> bytes:
        return wire.error_data(kind)

    def test_the_request_is_one_that_every_compatible_server_knows(self) -> None:
        with self.model(self.answer("Green.")) as (chat, server):
            list(chat.stream(PROMPT, timeout_s=5))
        asked = server.asked[0]
        assert asked.path == "/v1/chat/completions"
        assert set(asked.body) == {"model", "messages", "max_tokens", "stream", "stream_options"}
        assert asked.body["max_tokens"] == 300
        assert [message["role"] for message in asked.body["messages"]] == [
            "system",
            "user",
            "assistant",
            "user",
        ]

    def test_a_server_that_reports_no_usage_is_tolerated(self) -> None:
        with self.model(wire.answer("Green.", with_usage=False)) as (chat, _):
            last = list(chat.stream(PROMPT, timeout_s=5))[-1]
        assert last == UsagePiece("local", 0, 0, None, "end_turn")

    def test_a_server_that_refuses_stream_options_is_asked_without_from_then_on(self) -> None:
        refusal = wire.error(400, "invalid_request_error", "unknown field: stream_options")
        with self.model(refusal, self.answer("Green.")) as (chat, server):
            assert text_of(list(chat.stream(PROMPT, timeout_s=5))) == "Green."
            assert text_of(list(chat.stream(PROMPT, timeout_s=5))) == "Green."
        assert ["stream_options" in asked.body for asked in server.asked] == [True, False, False]

    def test_a_stream_without_its_done_line_is_complete_with_a_finish_reason(self) -> None:
        reply = Reply.events(wire.chunk("Green."), wire.chunk(finish="stop"))
        with self.model(reply) as (chat, _):
            assert text_of(list(chat.stream(PROMPT, timeout_s=5))) == "Green."

    @pytest.mark.parametrize(
        "counts",
        [
            {},
            {"prompt_tokens": None, "completion_tokens": None},
            {"prompt_tokens": "40", "completion_tokens": -7},
            {"prompt_tokens": 10**30, "completion_tokens": 1.5, "prompt_tokens_details": {}},
        ],
    )
    def test_counts_that_are_none_are_not_counted(self, counts: dict[str, object]) -> None:
        usage = wire.data({"id": "c", "object": "chat.completion.chunk", "choices": [], "usage": counts})
        reply = Reply.events(wire.chunk("Green."), wire.chunk(finish="stop"), usage, wire.DONE)
        with self.model(reply) as (chat, _):
            pieces = list(chat.stream(PROMPT, timeout_s=5))
        assert pieces[-1] == UsagePiece("local", 0, 0, None, "end_turn")

    def test_chunks_that_lack_their_choices_or_their_delta_are_passed_over(self) -> None:
        bare = [{}, {"choices": None}, {"choices": [{"index": 0, "delta": None}]}]
        last = wire.data({"choices": [{"index": 0, "delta": None, "finish_reason": "stop"}]})
        steps = [*(wire.data(one) for one in bare), wire.chunk("Green."), last, wire.DONE]
        with self.model(Reply.events(*steps)) as (chat, _):
            assert text_of(list(chat.stream(PROMPT, timeout_s=5))) == "Green."

    def test_reasoning_beside_the_content_is_left_out(self) -> None:
        reply = Reply.events(
            wire.chunk(reasoning_content="Hm."), wire.chunk("Green."), wire.chunk(finish="stop"), wire.DONE
        )
        with self.model(reply) as (chat, _):
            assert text_of(list(chat.stream(PROMPT, timeout_s=5))) == "Green."

    def test_a_filtered_answer_is_a_refusal(self) -> None:
        reply = Reply.events(wire.chunk("I "), wire.chunk(finish="content_filter"), wire.DONE)
        assert self.failure(reply).code == "model_refused"
        assert self.failure(Reply.events(wire.chunk(refusal="No."), wire.DONE)).code == "model_refused"

    def test_an_empty_quota_is_told_from_a_rate_limit(self) -> None:
        error = self.failure(wire.error(429, "insufficient_quota", code="insufficient_quota"))
        assert error.code == "model_spend_limit"

    def test_a_status_inside_a_streamed_error_is_read(self) -> None:
        reply = Reply.events(wire.chunk("Gr"), wire.error_data("server_error", code=500), Cut())
        assert self.failure(reply).code == "model_server_error"
        reply = Reply.events(wire.error_data("new_kind", code=503))
        assert self.failure(reply).code == "model_overloaded"

    @pytest.mark.parametrize("key", [None, "", KEY])
    def test_a_server_without_keys_needs_none(self, key: str | None) -> None:
        with self.model(self.answer("Green.")) as (_, server):
            chat = OpenAIChat(api_key=key, model="local", base_url=server.url)
            assert text_of(list(chat.stream(PROMPT, timeout_s=5))) == "Green."
