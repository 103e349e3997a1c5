"""What every ChatModel must do, whatever its wire protocol; each adapter's module inherits the cases."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from src.core.errors import ModelError
from src.core.ports import (
    ChatModel,
    ChatPiece,
    TextPiece,
    UsagePiece,
)
from src.services.chat.circuit import CircuitBreaker
from src.services.chat.resilience import Backoff, Resilience
from tests.support.scripted_server import Cut, Pause, Reply, ScriptedServer, serving

from .chat_prompt import KEY, PROMPT, quick, text_of


class ChatContract:
    """Subclasses say how their protocol puts things on the wire."""

    def chat(self, url: str, *, resilience: Resilience | None = None, idle_s: float = 5.0) -> ChatModel:
        raise NotImplementedError

    def answer(self, *texts: str, stop_reason: str = "end_turn") -> Reply:
        raise NotImplementedError

    def beginning(self, *texts: str) -> list[bytes]:
        """The events of an answer up to and with ``texts``, without its end."""
        raise NotImplementedError

    def error(self, status: int, kind: str, message: str = "told so", **headers: str) -> Reply:
        raise NotImplementedError

    def error_event(self, kind: str) -> bytes:
        raise NotImplementedError

    @contextmanager
    def model(
        self, *replies: Reply, idle_s: float = 5.0, **backoff: float
    ) -> Iterator[tuple[ChatModel, ScriptedServer]]:
        with serving(replies) as server:
            yield self.chat(server.url, resilience=quick(**backoff), idle_s=idle_s), server

    def failure(self, *replies: Reply, timeout_s: float = 5.0, idle_s: float = 5.0) -> ModelError:
        with (
            self.model(*replies, idle_s=idle_s, attempts=1) as (chat, _),
            pytest.raises(ModelError) as caught,
        ):
            list(chat.stream(PROMPT, timeout_s=timeout_s))
        return caught.value

    def test_the_text_streams_in_order_and_the_usage_comes_last(self) -> None:
        with self.model(self.answer("Grass ", "is ", "green.")) as (chat, _):
            pieces = list(chat.stream(PROMPT, timeout_s=5))
        assert text_of(pieces) == "Grass is green."
        last = pieces[-1]
        assert isinstance(last, UsagePiece)
        assert (last.model, last.stop_reason) == (chat.name, "end_turn")
        assert last.input_tokens > 0
        assert last.output_tokens > 0

    def test_a_piece_arrives_before_the_answer_is_complete(self) -> None:
        steps = [*self.beginning("Grass is green. "), Pause(3), *self.beginning("never")]
        with self.model(Reply.events(*steps)) as (chat, _):
            began = time.monotonic()
            pieces = chat.stream(PROMPT, timeout_s=5)
            first = next(pieces)
            assert isinstance(first, TextPiece)
            assert first.text.startswith("Grass is")
            assert time.monotonic() - began < 2
            pieces.close()  # type: ignore[attr-defined]

    def test_the_question_the_passages_and_the_history_are_sent(self) -> None:
        with self.model(self.answer("Green.")) as (chat, server):
            list(chat.stream(PROMPT, timeout_s=5))
        sent = str(server.asked[0].body)
        for expected in ("What colour is grass?", "Rayleigh scattering", "Is it summer?", "Sky"):
            assert expected in sent

    def test_passage_text_stays_out_of_the_system_prompt(self) -> None:
        with self.model(self.answer("Green.")) as (chat, server):
            list(chat.stream(PROMPT, timeout_s=5))
        body = server.asked[0].body
        system = str(body.get("system") or body["messages"][0]["content"])
        assert "Answer from the passages." in system
        assert "Rayleigh" not in system

    def test_an_answer_at_its_length_limit_says_so(self) -> None:
        with self.model(self.answer("Grass is", stop_reason="max_tokens")) as (chat, _):
            last = list(chat.stream(PROMPT, timeout_s=5))[-1]
        assert isinstance(last, UsagePiece)
        assert last.stop_reason == "max_tokens"

    def test_complete_returns_the_text_alone_and_tells_what_it_used(self) -> None:
        with self.model(self.answer(" A stand-alone", " question? ")) as (chat, _):
            used: list[UsagePiece] = []
            text = chat.complete("Rewrite.", "and then?", max_tokens=50, timeout_s=5, on_usage=used.append)
        assert text == "A stand-alone question?"
        assert [piece.output_tokens > 0 for piece in used] == [True]

    def test_the_key_is_sent_and_nowhere_told(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG, logger="src")
        refused = self.error(401, "authentication_error", f"invalid key {KEY}")
        with self.model(refused) as (chat, server), pytest.raises(ModelError) as caught:
            list(chat.stream(PROMPT, timeout_s=5))
        assert KEY in str(server.asked[0].headers)
        assert caught.value.code == "model_auth"
        assert KEY not in f"{caught.value} {caplog.text} {chat!r}"
        with (
            self.model(self.error(400, "invalid_request_error", f"bad {KEY}")) as (chat, _),
            pytest.raises(ModelError) as caught,
        ):
            list(chat.stream(PROMPT, timeout_s=5))
        assert KEY not in str(caught.value)

    def test_a_rate_limited_call_succeeds_after_the_wait_it_was_told(self) -> None:
        limited = self.error(429, "rate_limit_error", retry_after="0.2")
        with self.model(limited, self.answer("Green.")) as (chat, server):
            began = time.monotonic()
            assert text_of(list(chat.stream(PROMPT, timeout_s=5))) == "Green."
            assert time.monotonic() - began >= 0.2
        assert len(server.asked) == 2

    def test_an_overloaded_server_is_tried_again(self) -> None:
        busy = [self.error(529, "overloaded_error"), self.error(503, "unavailable_error")]
        with self.model(*busy, self.answer("Green.")) as (chat, server):
            assert text_of(list(chat.stream(PROMPT, timeout_s=5))) == "Green."
        assert len(server.asked) == 3

    def test_attempts_end(self) -> None:
        with (
            self.model(self.error(529, "overloaded_error")) as (chat, server),
            pytest.raises(ModelError) as caught,
        ):
            list(chat.stream(PROMPT, timeout_s=5))
        assert caught.value.code == "model_overloaded"
        assert len(server.asked) == 3

    def test_a_wait_longer_than_anyone_sits_through_is_refused_at_once(self) -> None:
        limited = self.error(429, "rate_limit_error", retry_after="3600")
        with (
            self.model(limited, self.answer("Green.")) as (chat, server),
            pytest.raises(ModelError) as caught,
        ):
            list(chat.stream(PROMPT, timeout_s=5))
        assert caught.value.code == "model_rate_limited"
        assert len(server.asked) == 1

    @pytest.mark.parametrize(
        ("status", "kind", "code"),
        [
            (400, "invalid_request_error", "model_bad_request"),
            (401, "authentication_error", "model_auth"),
            (402, "billing_error", "model_spend_limit"),
            (403, "permission_error", "model_auth"),
            (404, "not_found_error", "model_not_found"),
            (413, "request_too_large", "model_bad_request"),
            (418, "something_new", "model_bad_request"),
            (429, "rate_limit_error", "model_rate_limited"),
            (500, "api_error", "model_server_error"),
            (502, "bad_gateway", "model_server_error"),
            (504, "timeout_error", "model_timeout"),
            (529, "overloaded_error", "model_overloaded"),
        ],
    )
    def test_each_error_has_its_code_and_a_sentence(self, status: int, kind: str, code: str) -> None:
        error = self.failure(self.error(status, kind))
        assert error.code == code
        assert "127.0.0.1" in error.detail
        assert error.detail.endswith((".", "told so"))

    def test_what_the_server_says_of_a_bad_request_is_passed_on(self) -> None:
        assert (
            "prompt is too long"
            in self.failure(
                self.error(400, "invalid_request_error", "prompt is too long: 9000 tokens")
            ).detail
        )

    def test_a_page_instead_of_the_api_is_named_as_such(self) -> None:
        page = Reply([b"<html>Sign in</html>"], 200, {"content-type": "text/html"})
        assert self.failure(page).code == "model_bad_response"

    def test_an_error_page_that_is_not_json_is_a_server_error(self) -> None:
        page = Reply([b"<html>502 Bad Gateway</html>"], 502, {"content-type": "text/html"})
        assert self.failure(page).code == "model_server_error"

    def test_a_redirect_is_not_followed(self) -> None:
        with serving([self.answer("Green.")]) as elsewhere:
            redirect = Reply((), 307, {"location": f"{elsewhere.url}/v1/messages"})
            assert self.failure(redirect).code == "model_bad_response"
        assert elsewhere.asked == []

    def test_no_server_is_unreachable(self) -> None:
        with serving([self.answer("x")]) as server:
            url = server.url
        chat = self.chat(url, resilience=quick(attempts=1))
        with pytest.raises(ModelError) as caught:
            list(chat.stream(PROMPT, timeout_s=5))
        assert caught.value.code == "model_unreachable"

    def test_silence_is_a_timeout(self) -> None:
        assert self.failure(Reply.events(Pause(5)), idle_s=0.2).code == "model_timeout"

    def test_silence_midway_is_a_timeout(self) -> None:
        reply = Reply.events(*self.beginning("Grass "), Pause(5))
        assert self.failure(reply, idle_s=0.2).code == "model_timeout"

    def test_bytes_that_trickle_do_not_outlast_the_deadline(self) -> None:
        trickle = [step for _ in range(60) for step in (b": still here\n\n", Pause(0.05))]
        began = time.monotonic()
        assert self.failure(Reply.events(*trickle), timeout_s=0.5).code == "model_timeout"
        assert time.monotonic() - began < 1.5

    @pytest.mark.parametrize("cleanly", [True, False])
    def test_a_stream_that_ends_before_the_answer_does_was_cut(self, cleanly: bool) -> None:
        steps = [*self.beginning("Grass is ", "gr")]
        reply = Reply.events(*steps) if cleanly else Reply.events(*steps, Cut())
        assert self.failure(reply).code == "model_stream_cut"

    def test_what_came_before_the_cut_was_given_out_and_is_not_repeated(self) -> None:
        cut = Reply.events(*self.beginning("Grass is green. And", " more"), Cut())
        with self.model(cut, self.answer("Again.")) as (chat, server):
            pieces: list[ChatPiece] = []
            with pytest.raises(ModelError) as caught:
                pieces.extend(chat.stream(PROMPT, timeout_s=5))
        assert text_of(pieces).startswith("Grass is green. And")
        assert caught.value.code == "model_stream_cut"
        assert len(server.asked) == 1

    def test_an_error_event_before_any_text_is_tried_again(self) -> None:
        failing = Reply.events(*self.beginning(), self.error_event("overloaded_error"))
        with self.model(failing, self.answer("Green.")) as (chat, server):
            assert text_of(list(chat.stream(PROMPT, timeout_s=5))) == "Green."
        assert len(server.asked) == 2

    def test_an_error_event_midway_is_final(self) -> None:
        failing = Reply.events(*self.beginning("Grass is "), self.error_event("overloaded_error"))
        with (
            self.model(failing, self.answer("Green.")) as (chat, server),
            pytest.raises(ModelError) as caught,
        ):
            list(chat.stream(PROMPT, timeout_s=5))
        assert caught.value.code == "model_overloaded"
        assert len(server.asked) == 1

    def test_an_event_that_is_not_json_is_named_as_such(self) -> None:
        broken = Reply.events(*self.beginning("Grass "), b'event: content_block_delta\ndata: {"type": \n\n')
        assert self.failure(broken).code == "model_bad_response"

    def test_an_answer_without_text_is_a_failure(self) -> None:
        assert self.failure(self.answer("", stop_reason="max_tokens")).code == "model_empty"

    def test_repeated_failures_open_the_circuit(self) -> None:
        now = [0.0]
        breaker = CircuitBreaker(failures=2, cooldown_s=30, clock=lambda: now[0])
        resilience = Resilience(breaker, Backoff(attempts=1))
        replies = [self.error(500, "api_error"), self.error(500, "api_error"), self.answer("Green.")]
        with serving(replies) as server:
            chat = self.chat(server.url, resilience=resilience)
            for expected in ("model_server_error", "model_server_error", "model_circuit_open"):
                with pytest.raises(ModelError) as caught:
                    list(chat.stream(PROMPT, timeout_s=5))
                assert caught.value.code == expected
            assert len(server.asked) == 2
            now[0] = 31.0
            assert text_of(list(chat.stream(PROMPT, timeout_s=5))) == "Green."
        assert breaker.state == "closed"

    def test_a_caller_that_stops_listening_ends_the_call(self) -> None:
        steps = [step for _ in range(200) for step in (*self.beginning("word "), Pause(0.02))]
        with self.model(Reply.events(*steps)) as (chat, _):
            pieces = chat.stream(PROMPT, timeout_s=5)
            next(pieces)
            began = time.monotonic()
            pieces.close()  # type: ignore[attr-defined]
            assert time.monotonic() - began < 1
