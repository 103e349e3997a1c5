from __future__ import annotations

import time
from collections.abc import Sequence

import pytest

from src.agents.answer.composition import INTERRUPTION, NO_ANSWER, Asked, Composer
from src.agents.answer.draft import Cited, Delta, Draft
from src.agents.answer.extract import LEAD, MODEL, Extractor
from src.agents.answer.prompt import Prompts
from src.core.messages.questions import Hit, Style
from src.core.passages import Location
from src.core.ports import ChatModel, ChatTurn
from src.services.chat.anthropic import AnthropicChat
from src.services.chat.resilience import Backoff, Resilience
from src.services.text.evidence import EvidenceCheck
from tests.support import anthropic_server as wire
from tests.support.scripted_server import Cut, Pause, Reply, ScriptedServer, serving

from .hits import WordEmbedder, hit, words

GRASS = hit(1, "The colour of grass is green. It grows 3 cm in spring.")
SKY = hit(2, "The sky is blue because of Rayleigh scattering.")
ASKED = Asked("What colour is grass?", "What colour is grass?")


def composer(chat: ChatModel | None) -> Composer:
    return Composer(
        chat=chat,
        extractor=Extractor(WordEmbedder(), words),
        prompts=Prompts.load(),
        words=words,
        evidence=EvidenceCheck(words),
        max_tokens=200,
    )


def compose(
    chat: ChatModel | None, asked: Asked = ASKED, hits: Sequence[Hit] = (GRASS, SKY), timeout_s: float = 5.0
) -> Draft:
    """The finished draft, after a look at what every draft must hold."""
    draft = Draft()
    items = list(composer(chat).compose(asked, hits, draft, timeout_s=timeout_s))
    assert "".join(item.text for item in items if isinstance(item, Delta)) == draft.text
    assert {item.number: item.quote for item in items if isinstance(item, Cited)} == draft.quotes
    texts = {one.rank: one.text for one in hits}
    assert all(quote in texts[number] for number, quote in draft.quotes.items())
    assert draft.text.strip()
    return draft


def with_model(*replies: Reply, native: bool = False, **asked: object) -> tuple[Draft, ScriptedServer]:
    with serving(replies) as server:
        chat = AnthropicChat(
            api_key="k",
            model="claude-test",
            base_url=server.url,
            citations="native" if native else "markers",
            idle_timeout_s=2,
            resilience=Resilience(backoff=Backoff(attempts=1)),
        )
        return compose(chat, **asked), server  # type: ignore[arg-type]


def test_a_model_answers_with_checked_citations_and_its_usage() -> None:
    draft, _ = with_model(wire.answer("Grass is gre", "en [1]. The sky is blue [2", "]."))
    assert draft.text == "Grass is green [1]. The sky is blue [2]."
    assert draft.quotes == {1: "The colour of grass is green.", 2: SKY.text}
    assert (draft.model, draft.grounded, draft.notice) == ("claude-test", True, None)
    assert draft.usage is not None


def test_the_apis_own_citations_become_markers() -> None:
    reply = wire.blocks_answer(
        wire.block(0, "Grass is green", cites=[(0, "The colour of grass is green. ")]), wire.block(1, ".")
    )
    draft, _ = with_model(reply, native=True)
    assert draft.text == "Grass is green [1]."
    assert draft.quotes == {1: "The colour of grass is green."}


def test_the_prompt_holds_the_rules_the_style_and_the_conversation() -> None:
    asked = Asked("And now?", "And now, grass?", Style.CONCISE, (ChatTurn("Colour of grass?", "Green [1]."),))
    _, server = with_model(wire.answer("Green grass [1]."), asked=asked)
    body = server.asked[0].body
    prompts = Prompts.load()
    for part in (prompts.system, prompts.styles[Style.CONCISE], prompts.markers):
        assert part in body["system"]
    assert [message["role"] for message in body["messages"]] == ["user", "assistant", "user"]
    assert body["messages"][1]["content"] == "Green."
    assert body["messages"][2]["content"].endswith("Question: And now?")
    assert body["max_tokens"] == 200


def test_statements_without_a_source_are_told_and_the_answer_is_not_grounded() -> None:
    draft, _ = with_model(wire.answer("Grass is green [1]. The moon is made of cheese [2]."))
    assert draft.text == "Grass is green [1]. The moon is made of cheese."
    assert not draft.grounded
    assert draft.notice == "1 of 2 statements have no source."


def test_an_answer_cut_at_its_length_limit_says_so() -> None:
    draft, _ = with_model(wire.answer("Grass is green [1]. It gr", stop_reason="max_tokens"))
    assert draft.notice == "The answer was cut at its length limit."


@pytest.mark.parametrize("delta", ["Grass is green [1]. ", "green ", "x", "[](" * 9])
def test_a_model_that_minds_no_limit_is_stopped_and_the_answer_says_so(delta: str) -> None:
    endless = [wire.text_delta(delta * 50)] * 1000
    started = time.process_time()
    draft, _ = with_model(Reply.events(wire.message_start(), *wire.block(0)[:-1], *endless, Pause(30)))
    assert time.process_time() - started < 5
    assert len(draft.text) < 10_000
    assert draft.notice is not None
    assert "cut at its length limit" in draft.notice


def test_a_model_that_fails_at_once_is_replaced_by_extracts() -> None:
    draft, _ = with_model(wire.error(529, "overloaded_error"))
    assert draft.text == compose(None).text
    assert (draft.model, draft.grounded) == (MODEL, True)
    assert "overloaded" in (draft.notice or "")


def test_a_model_that_fails_midway_keeps_its_whole_sentences_and_extracts_follow() -> None:
    cut = Reply.events(wire.message_start(), *wire.block(0, "Grass is green [1]. The sky is bl")[:-1], Cut())
    draft, _ = with_model(cut)
    assert draft.text == f"Grass is green [1]. \n\n{INTERRUPTION}\n\n" + compose(None).text
    assert draft.model == MODEL
    assert "broke off" in (draft.notice or "")


def test_a_model_that_fails_inside_code_leaves_no_open_block() -> None:
    cut = Reply.events(wire.message_start(), *wire.block(0, "So:\n```py\nx = 1\ny")[:-1], Cut())
    draft, _ = with_model(cut)
    assert draft.text.startswith(f"So:\n```py\nx = 1\ny\n```\n\n{INTERRUPTION}\n\n{LEAD}")


def test_a_slow_model_is_replaced_in_time() -> None:
    slow = Reply.events(wire.message_start(), *wire.block(0, "Grass ")[:-1], Pause(5))
    draft, _ = with_model(slow, timeout_s=0.5)
    assert draft.model == MODEL
    assert "in time" in (draft.notice or "")


@pytest.mark.parametrize("searched", [(), ("Docs", "Code `x`")])
def test_weak_evidence_is_said_to_be_weak_and_nothing_is_cited(searched: tuple[str, ...]) -> None:
    far = [hit(n, "Something else entirely.", dense=0.1) for n in (1, 2)]
    with serving([wire.answer("never asked")]) as server:
        chat = AnthropicChat(api_key="k", base_url=server.url)
        draft = compose(chat, Asked("Why?", "Why do magnets attract iron?", searched=searched), far)
        assert server.asked == []
    assert draft.text.startswith(NO_ANSWER)
    assert "`file1.md`" in draft.text
    assert ("`Docs`" in draft.text) is bool(searched)
    assert (draft.quotes, draft.grounded, draft.model) == ({}, False, MODEL)
    assert "Try the words that the documents use, in their language" in (draft.notice or "")


def test_what_came_nearest_is_named_by_its_title_where_it_has_no_path() -> None:
    unknown = {"external_id": "CDC-189", "location": Location(start_line=1, end_line=8)}
    far = [
        hit(1, "Something else.", dense=0.1, title="Who keeps the [1] `keys`?", **unknown),
        hit(2, "Something else.", dense=0.1, title="CDC-189", **unknown),
    ]
    text = compose(None, Asked("Why?", "Why do magnets attract iron?"), far).text
    assert "- Who keeps the \\[1] `keys`? (`CDC-189, lines 1-8`)\n- `CDC-189, lines 1-8`\n" in text


def test_nothing_found_is_said_plainly() -> None:
    draft = compose(None, hits=())
    assert draft.text.startswith(NO_ANSWER)
    assert "nearest" not in draft.text


def test_passages_that_hold_no_sentence_give_no_empty_page() -> None:
    assert compose(None, hits=[hit(1, "# Grass colour")]).text.startswith(NO_ANSWER)


def test_a_reader_that_goes_away_ends_the_models_call() -> None:
    with serving([wire.answer(*(f"Grass is green {n} [1]. " for n in range(50)))]) as server:
        chat = AnthropicChat(api_key="k", base_url=server.url)
        items = composer(chat).compose(ASKED, (GRASS, SKY), Draft(), timeout_s=5)
        assert isinstance(next(items), Delta)
        items.close()


@pytest.mark.parametrize("read", [0, 1, 3])
def test_an_abandoned_answer_stops_where_its_reader_left_and_says_so(read: int) -> None:
    sentences = ["The colour of grass is green [1]. "] * 50
    with serving([wire.answer(*sentences)]) as server:
        chat = AnthropicChat(api_key="k", base_url=server.url)
        draft, given = Draft(), ""
        items = composer(chat).compose(
            ASKED, (GRASS, SKY), draft, timeout_s=5, abandoned=lambda: given.count("green") >= read
        )
        for item in items:
            given += item.text if isinstance(item, Delta) else ""
        assert len(server.asked) == min(read, 1)
    assert draft.text == given == "".join(sentences[:read])
    assert draft.notice == "This answer was stopped before its end."
