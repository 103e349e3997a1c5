from __future__ import annotations

import pytest

from src.agents.answer.condense import carry_terms, condense
from src.core.ports import ChatTurn
from src.services.chat.openai import OpenAIChat
from src.services.chat.resilience import Backoff, Resilience
from tests.support import openai_server as wire
from tests.support.scripted_server import Reply, serving

from .hits import words

HISTORY = (
    ChatTurn("How large is the cache of the HTTP client?", "It holds 512 entries [1]."),
    ChatTurn("Thanks!", "You are welcome."),
)


@pytest.mark.parametrize(
    ("question", "condensed"),
    [
        ("And how do I change it?", "And how do I change it? (large cache HTTP client)"),
        ("Why?", "Why? (large cache HTTP client)"),
        ("What about the disk cache?", "What about the disk cache? (large HTTP client)"),
        ("How does the garbage collector free cyclic references?",) * 2,
    ],
)
def test_a_follow_up_carries_the_terms_of_the_question_before(question: str, condensed: str) -> None:
    assert carry_terms(question, HISTORY[:1], words) == condensed


def test_a_turn_without_terms_is_passed_over() -> None:
    assert "cache" in carry_terms("Why?", (HISTORY[0], ChatTurn("And?", "")), words)


def test_a_first_question_is_left_as_it_is() -> None:
    assert carry_terms("Why?", (), words) == "Why?"


def ask(reply: Reply, question: str = "And how do I change it?") -> tuple[str, list[str]]:
    with serving([reply]) as server:
        chat = OpenAIChat(
            api_key="k",
            model="m",
            base_url=server.url,
            resilience=Resilience(backoff=Backoff(attempts=1)),
        )
        made = condense(question, HISTORY[:1], words, chat=chat, system="Rewrite.", timeout_s=5)
        return made, [wire.user_text(asked) for asked in server.asked]


def test_a_model_rewrites_the_question_from_the_conversation() -> None:
    made, sent = ask(wire.answer('"How do I change the size of the', " HTTP client's cache?\""))
    assert made == "How do I change the size of the HTTP client's cache?"
    assert "How large is the cache" in sent[0]
    assert "[1]" not in sent[0]


@pytest.mark.parametrize("reply", [wire.error(500, "server_error"), wire.answer("x" * 2000)])
def test_what_a_model_cannot_rewrite_is_still_asked(reply: Reply) -> None:
    made, _ = ask(reply)
    assert made.startswith("And how do I change it?")


def test_a_rewritten_question_holds_nothing_that_cannot_be_searched_for() -> None:
    assert ask(wire.answer("How do I\x00 change\ud800 it?"))[0] == "How do I change it?"


def test_without_a_conversation_no_model_is_asked() -> None:
    assert condense("Why?", (), words, chat=None, system="", timeout_s=1) == "Why?"
