"""AnthropicChat through the real SDK against a local server that speaks the Messages API."""

from __future__ import annotations

import pytest

from src.core.ports import ChatModel, CitationPiece, TextPiece, UsagePiece
from src.services.chat.anthropic import AnthropicChat
from src.services.chat.resilience import Resilience
from tests.support import anthropic_server as wire
from tests.support.scripted_server import Cut, Reply

from .chat_contract import ChatContract
from .chat_prompt import KEY, PROMPT, cited_by, text_of
from .marker_contract import MarkerContract


class AnthropicWire(ChatContract):
    citations = "markers"

    def chat(self, url: str, *, resilience: Resilience | None = None, idle_s: float = 5.0) -> ChatModel:
        return AnthropicChat(
            api_key=KEY,
            base_url=url,
            citations=self.citations,  # type: ignore[arg-type]
            idle_timeout_s=idle_s,
            resilience=resilience,
        )

    def answer(self, *texts: str, stop_reason: str = "end_turn") -> Reply:
        return wire.answer(*texts, stop_reason=stop_reason)

    def beginning(self, *texts: str) -> list[bytes]:
        return [wire.message_start(), *wire.block(0, *texts)[:-1]]

    def error(self, status: int, kind: str, message: str = "told so", **headers: str) -> Reply:
        return wire.error(status, kind, message, **headers)

    def error_event(self, kind: str) -> bytes:
        return wire.error_event(kind)


class TestMarkers(AnthropicWire, MarkerContract):
    def test_passages_go_as_text_where_the_host_is_not_anthropics(self) -> None:
        self.citations = "auto"
        with self.model(self.answer("Green [1].")) as (chat, server):
            assert cited_by(list(chat.stream(PROMPT, timeout_s=5))) == [1]
        assert '<passage number="1"' in server.asked[0].body["messages"][-1]["content"]


class TestNativeCitations(AnthropicWire):
    citations = "native"

    def test_passages_go_as_search_results_with_citations_enabled(self) -> None:
        with self.model(self.answer("Green.")) as (chat, server):
            list(chat.stream(PROMPT, timeout_s=5))
        body = server.asked[0].body
        content = body["messages"][-1]["content"]
        assert [item["type"] for item in content] == ["search_result"] * 3 + ["text"]
        assert all(item["citations"] == {"enabled": True} for item in content[:3])
        assert [part["text"] for part in content[0]["content"]] == [
            "The grass is green. ",
            "It grows in spring.",
        ]
        assert content[1]["title"] == "Sky"
        assert content[1]["source"] == "physics/sky.md"
        assert "Cite like" not in body["system"]
        assert "temperature" not in body

    @pytest.mark.parametrize("cites_first", [False, True])
    def test_the_apis_citations_follow_the_text_of_their_block(self, cites_first: bool) -> None:
        reply = wire.blocks_answer(
            wire.block(0, "Grass ", "is green", cites=[(0, "The grass is green. ")], cites_first=cites_first),
            wire.block(1, " while "),
            wire.block(2, "the sky is blue.", cites=[(1, "The sky is blue")], cites_first=cites_first),
        )
        with self.model(reply) as (chat, _):
            pieces = list(chat.stream(PROMPT, timeout_s=5))
        assert pieces[:-1] == [
            TextPiece("Grass "),
            TextPiece("is green"),
            CitationPiece(1, "The grass is green. "),
            TextPiece(" while "),
            TextPiece("the sky is blue."),
            CitationPiece(2, "The sky is blue"),
        ]

    def test_a_citation_of_a_result_that_was_not_sent_is_passed_over(self) -> None:
        with self.model(wire.blocks_answer(wire.block(0, "Green.", cites=[(9, "x")]))) as (chat, _):
            assert cited_by(list(chat.stream(PROMPT, timeout_s=5))) == []

    def test_brackets_stay_text(self) -> None:
        with self.model(self.answer("See a[1] and [2].")) as (chat, _):
            pieces = list(chat.stream(PROMPT, timeout_s=5))
        assert text_of(pieces) == "See a[1] and [2]."
        assert cited_by(pieces) == []

    def test_pings_new_events_new_blocks_and_thinking_are_passed_over(self) -> None:
        reply = Reply.events(
            wire.message_start(),
            wire.event("ping"),
            wire.event("weather_report", sky="clear"),
            wire.event("content_block_start", index=0, content_block={"type": "thinking", "thinking": ""}),
            wire.event("content_block_delta", index=0, delta={"type": "thinking_delta", "thinking": "Hm."}),
            wire.event("content_block_stop", index=0),
            wire.event("content_block_start", index=1, content_block={"type": "hologram"}),
            wire.event("content_block_delta", index=1, delta={"type": "hologram_delta", "light": 1}),
            wire.event("content_block_stop", index=1),
            *wire.block(2, "Green."),
            *wire.ending(),
        )
        with self.model(reply) as (chat, _):
            assert text_of(list(chat.stream(PROMPT, timeout_s=5))) == "Green."

    def test_text_at_the_start_of_a_block_belongs_to_the_answer(self) -> None:
        begun = wire.event("content_block_start", index=0, content_block={"type": "text", "text": "Gre"})
        bare = wire.event("content_block_start", index=1, content_block={"type": "text"})
        reply = Reply.events(wire.message_start(), begun, wire.text_delta("en."), bare, *wire.ending())
        with self.model(reply) as (chat, _):
            assert text_of(list(chat.stream(PROMPT, timeout_s=5))) == "Green."

    @pytest.mark.parametrize("count", [-5, 10**30, "many", None])
    def test_counts_that_are_none_are_not_counted(self, count: object) -> None:
        start = wire.message_start(input_tokens=count, cache_read_input_tokens=count)  # type: ignore[arg-type]
        with self.model(Reply.events(start, *wire.block(0, "Green."), *wire.ending())) as (chat, _):
            last = list(chat.stream(PROMPT, timeout_s=5))[-1]
        assert isinstance(last, UsagePiece)
        assert (last.input_tokens, last.output_tokens) == (0, 15)

    def test_a_stream_without_its_message_stop_is_complete_with_a_stop_reason(self) -> None:
        reply = Reply.events(wire.message_start(), *wire.block(0, "Green."), wire.ending()[0])
        with self.model(reply) as (chat, _):
            pieces = list(chat.stream(PROMPT, timeout_s=5))
        assert text_of(pieces) == "Green."
        assert isinstance(pieces[-1], UsagePiece)

    def test_a_malformed_delta_is_named_as_such(self) -> None:
        reply = Reply.events(wire.message_start(), wire.event("content_block_delta", index=0))
        assert self.failure(reply).code == "model_bad_response"

    @pytest.mark.parametrize("status", [400, 500, 503])
    def test_errors_without_the_outer_type_are_understood(self, status: int) -> None:
        outer = self.failure(wire.error(status, "exceed_context_size_error", "too long"))
        inner = self.failure(wire.error(status, "exceed_context_size_error", "too long", outer=False))
        assert (outer.code, outer.detail) == (inner.code, inner.detail)
        assert "too long" in inner.detail

    def test_an_error_event_without_the_outer_type_is_understood(self) -> None:
        reply = Reply.events(wire.message_start(), wire.error_event("api_error", outer=False))
        assert self.failure(reply).code == "model_server_error"

    def test_a_spending_limit_is_told_from_a_rate_limit_and_not_retried(self) -> None:
        body = {
            "type": "error",
            "error": {
                "type": "rate_limit_error",
                "message": "limit",
                "details": {"error_code": "enforced_spend_limit_reached"},
            },
        }
        with (
            self.model(Reply.json(429, body), self.answer("Green.")) as (chat, server),
            pytest.raises(Exception, match="spending limit") as caught,
        ):
            list(chat.stream(PROMPT, timeout_s=5))
        assert getattr(caught.value, "code", "") == "model_spend_limit"
        assert len(server.asked) == 1

    def test_a_refusal_is_a_failure(self) -> None:
        assert self.failure(self.answer("I ", stop_reason="refusal")).code == "model_refused"

    def test_cached_and_written_tokens_count_as_input(self) -> None:
        start = wire.message_start(cache_read_input_tokens=100, cache_creation_input_tokens=10)
        reply = Reply.events(start, *wire.block(0, "Green."), *wire.ending(output_tokens=20))
        with self.model(reply) as (chat, _):
            last = list(chat.stream(PROMPT, timeout_s=5))[-1]
        assert isinstance(last, UsagePiece)
        assert (last.input_tokens, last.output_tokens) == (135, 20)

    def test_another_host_than_anthropics_has_no_known_price(self) -> None:
        with self.model(self.answer("Green.")) as (chat, _):
            last = list(chat.stream(PROMPT, timeout_s=5))[-1]
        assert isinstance(last, UsagePiece)
        assert last.cost_usd is None

    def test_a_cut_without_chunks_is_seen_by_the_missing_message_stop(self) -> None:
        reply = Reply.events(wire.message_start(), *wire.block(0, "Gr"), Cut(), chunked=False)
        assert self.failure(reply).code == "model_stream_cut"

    @pytest.mark.parametrize(
        ("model", "thinking", "effort", "max_tokens"),
        [
            ("claude-sonnet-5-5", {"type": "between_tools"}, None, 300),
            ("claude-haiku-5-5", {"type": "disabled"}, None, 300),
            ("claude-sonnet-5", {"type": "disabled"}, None, 300),
            ("claude-opus-5", {"type": "disabled"}, None, 300),
            ("claude-opus-5-5", None, {"effort": "low"}, 300 + 4096),
            ("claude-fable-5-2", None, {"effort": "low"}, 300 + 4096),
            ("claude-sonnet-4-6", None, None, 300),
            ("a-local-model", None, None, 300),
        ],
    )
    def test_thinking_is_off_or_has_room(
        self, model: str, thinking: object, effort: object, max_tokens: int
    ) -> None:
        with self.model(self.answer("Green.")) as (_, server):
            chat = AnthropicChat(api_key=KEY, model=model, base_url=server.url, citations="native")
            list(chat.stream(PROMPT, timeout_s=5))
        body = server.asked[0].body
        assert body["model"] == model
        assert body.get("thinking") == thinking
        assert body.get("output_config") == effort
        assert body["max_tokens"] == max_tokens
