"""Plain words for groups of questions."""

from __future__ import annotations

import pytest

from src.services.insights.naming import Wording, phrase
from src.services.text.analyser import Analyser

QUESTIONS = [
    "How do refunds work?",
    "When is a refund paid out?",
    "Can I get a refund for a gift?",
    "Does os.path.join keep a slash?",
    "What does os.path.join do with two slashes?",
    "How do parcels get to islands?",
    "When does the ferry take parcels to the islands?",
]


@pytest.fixture(scope="module")
def wording() -> Wording:
    analyser = Analyser()
    return Wording(QUESTIONS, lambda text: analyser.analyse(text).content)


def test_a_group_is_named_by_what_only_its_questions_have_in_common(wording: Wording) -> None:
    assert wording.telling([0, 1, 2]) == ("refund",)
    assert wording.telling([5, 6]) == ("islands", "parcels")


def test_an_identifier_stays_whole(wording: Wording) -> None:
    assert wording.telling([3, 4])[0] == "os.path.join"


def test_a_small_letter_alone_names_nothing() -> None:
    questions = ["sort list s by x", "reverse list s", "what is malloc in C", "free memory in C"]
    analyser = Analyser()
    wording = Wording([*questions, *QUESTIONS], lambda text: analyser.analyse(text).content)
    assert wording.telling([0, 1]) == ("list",)
    assert "C" in wording.telling([2, 3])


def test_words_that_ask_name_nothing(wording: Wording) -> None:
    named = {word for places in ([0, 1, 2], [3, 4], [5, 6]) for word in wording.telling(places, most=10)}
    assert named.isdisjoint({"How", "When", "get", "Can", "does"})


def test_a_single_group_of_everything_still_has_a_name(wording: Wording) -> None:
    assert wording.telling(list(range(len(QUESTIONS)))) != ()


def test_questions_without_words_have_no_name() -> None:
    assert Wording(["?", "…"], lambda text: []).telling([0, 1]) == ()


@pytest.mark.parametrize(
    ("words", "said"), [((), ""), (("a",), "a"), (("a", "b"), "a and b"), (("a", "b", "c"), "a, b and c")]
)
def test_words_are_joined_as_people_do(words: tuple[str, ...], said: str) -> None:
    assert phrase(words) == said
