"""From diagnosed questions to groups with a title."""

from __future__ import annotations

import pytest

from src.agents.feedback_analyst.analysis.failures import Sign
from src.agents.feedback_analyst.analysis.report import Draft, Period, drafts, proposal
from src.agents.feedback_analyst.analysis.titles import Titles
from src.core.messages.feedback import Reason
from src.core.messages.insights import Action, Cause, Concern, ConcernKind
from src.services.chat.openai import OpenAIChat
from src.services.chat.resilience import Backoff, Resilience
from src.wiring import make_analyzers
from tests.support import openai_server as wire
from tests.support.scripted_server import Reply, serving

from .failing import NOW, evidence, facts, hit

PERIOD = Period(NOW, 14, asked=100, asked_before=100)


def words(text: str) -> list[str]:
    return text.lower().rstrip("?").split()


def refund(number: int, days_ago: float = 1.0, reason: Reason | None = None) -> dict[str, object]:
    return {
        "question": f"refund question {number}?",
        "vector": (1.0, 0.0),
        "days_ago": days_ago,
        "shown": (("a", 0.2),),
        "reasons": {reason} if reason else set(),
    }


def made(*described: dict[str, object], sign: Sign = Sign.REFUSED) -> list[Draft]:
    found = [evidence(sign, **one) for one in described]  # type: ignore[arg-type]
    return drafts(found, make_analyzers(), words, PERIOD)


def test_questions_of_different_meaning_are_different_groups_the_largest_first() -> None:
    other = {"question": "ferry times?", "vector": (0.0, 1.0), "shown": (("b", 0.2),)}
    first, second = made(other, refund(1), refund(2))
    assert (first.size, first.title) == (2, "Questions about question and refund")
    assert (second.size, second.title) == (1, "ferry times?")


def test_groups_that_share_their_words_are_told_apart_by_a_question() -> None:
    far = {"vector": (0.0, 1.0), "shown": (("z", 0.2),)}
    larger, smaller = made(refund(1), refund(2), refund(3), {**refund(4), **far}, {**refund(5), **far})
    assert (larger.size, smaller.size) == (3, 2)
    assert larger.title == "Questions about question and refund"
    assert smaller.title in ("refund question 4?", "refund question 5?")


def test_the_reasons_and_sources_part_what_the_meaning_alone_would_join() -> None:
    near = {"vector": (0.72, 0.694), "days_ago": 1.0}
    assert len(made(refund(1), {**refund(2), **near})) == 1
    assert len(made(refund(1), {**refund(2, reason=Reason.WRONG_TONE), **near, "shown": (("z", 0.2),)})) == 2


def test_a_group_that_failed_in_the_period_before_alone_is_left_out() -> None:
    assert made(refund(1, days_ago=20)) == []
    (both,) = made(refund(1, days_ago=20), refund(2))
    assert (both.size, both.fields["before"]) == (1, 1)


def test_the_cause_with_the_most_evidence_is_that_of_the_group_and_all_are_counted() -> None:
    (found,) = made(refund(1), refund(2), refund(3, reason=Reason.OUTDATED))
    assert found.cause == Cause.NOTHING_INDEXED
    assert found.fields["causes"] == {Cause.NOTHING_INDEXED: 2, Cause.OUTDATED: 1}
    assert str(found.fields["evidence"]).startswith("This holds for 2 of 3 questions. ")


def test_a_cause_of_a_few_is_not_that_of_the_group() -> None:
    plain = [{**refund(n), "shown": (("a", 0.8),)} for n in range(3)]
    old = {**refund(9, reason=Reason.OUTDATED), "shown": (("a", 0.8),)}
    (found,) = made(*plain, old, sign=Sign.ANSWER_DISLIKED)
    assert (found.cause, found.fields["action"]) == (Cause.UNKNOWN, Action.LOOK)
    assert found.fields["causes"] == {Cause.UNKNOWN: 3, Cause.OUTDATED: 1}
    (half,) = made(plain[0], old, sign=Sign.ANSWER_DISLIKED)
    assert half.cause == Cause.OUTDATED


def test_where_all_is_found_by_now_nothing_more_is_proposed() -> None:
    one = {**refund(1), "documents": [facts("c", added_days_ago=0.1)], "found": [hit("c", 1, 0.9)]}
    (found,) = made(one)
    assert (found.fields["action"], found.fields["proposal"]) == (
        Action.WAIT,
        "Nothing more is needed: a search finds it now.",
    )


@pytest.mark.parametrize(("title", "end"), [("Goods back?", ""), ("Returns", "."), ("Returns.", "")])
def test_a_proposal_that_names_a_document_ends_once(title: str, end: str) -> None:
    concern = Concern(kind=ConcernKind.DOCUMENT, id="1", title=title)
    assert proposal(Action.FIX_DOCUMENT, Cause.OUTDATED, (concern,)).endswith(
        f"of the document: {title}{end}"
    )


def titled(reply: Reply, *, known: tuple[str, str] | None = None) -> tuple[list[tuple[str, str]], int]:
    """The title by a language model that replies so, and how often it was asked."""
    with serving([reply]) as server:
        chat = OpenAIChat(
            api_key="k", model="m", base_url=server.url, resilience=Resilience(backoff=Backoff(attempts=1))
        )
        titles = Titles(chat).give(made(refund(1), refund(2)), {0: known} if known else {})
        return titles, len(server.asked)


def test_a_language_model_names_groups_where_there_is_one() -> None:
    assert titled(wire.answer("“Refunds of returned goods.”\n")) == ([("Refunds of returned goods", "m")], 1)


def test_words_do_where_the_model_fails_or_says_too_much() -> None:
    by_words = ("Questions about question and refund", "words")
    assert titled(wire.error(500, "server_error"))[0] == [by_words]
    assert titled(wire.answer("x" * 200))[0] == [by_words]


def test_a_group_that_goes_on_keeps_the_title_that_a_model_gave() -> None:
    assert titled(wire.answer("Other"), known=("Refunds", "m")) == ([("Refunds", "m")], 0)
    assert titled(wire.answer("Other"), known=("Refund", "words"))[0] == [("Other", "m")]


def test_without_a_model_words_name_every_group() -> None:
    assert Titles(None).give(made(refund(1)), {}) == [("refund question 1?", "words")]
