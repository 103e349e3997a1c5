from __future__ import annotations

import pytest

from src.services.text.support import Supports
from tests.unit.agents.answer.hits import passages, words

GRASS = "The grass is green. It grows 3 cm in spring. Sheep eat it."
CODE = "```python\ndef dump(obj, fp, indent=None):\n    return encode(obj)\n```"
SUPPORTS = Supports(passages(GRASS, "The sky is blue: one thousand (1,000) shades.", CODE), words)


@pytest.mark.parametrize(
    ("sentence", "number", "quote"),
    [
        ("Grass is green.", 1, "The grass is green."),
        ("In spring it grows 3 cm.", 1, "It grows 3 cm in spring."),
        ("Sheep eat grass.", 1, "Sheep eat it."),
        ("There are 1000 shades of blue.", 2, "The sky is blue: one thousand (1,000) shades."),
        ("Call `dump(obj, fp)`.", 3, "def dump(obj, fp, indent=None):\n    return encode(obj)"),
    ],
)
def test_the_quote_is_the_sentence_that_supports_best(sentence: str, number: int, quote: str) -> None:
    assert SUPPORTS.quote(sentence, number) == quote


@pytest.mark.parametrize(
    ("sentence", "number"),
    [
        ("The moon is made of cheese.", 1),
        ("Grass grows 5 cm in spring.", 1),
        ("Use `json.loads` for the grass.", 1),
        ("Grass is green.", 9),
        ("", 1),
    ],
)
def test_a_passage_that_shares_nothing_decisive_supports_nothing(sentence: str, number: int) -> None:
    assert SUPPORTS.quote(sentence, number) is None


def test_a_quote_that_the_provider_vouches_for_is_kept_where_it_is_verbatim() -> None:
    assert SUPPORTS.quote("Das Gras ist grün.", 1, "The grass is green. ") == "The grass is green."
    assert SUPPORTS.quote("Das Gras ist grün.", 1, "The grass is red.") is None


def test_a_long_quote_is_narrowed_to_what_supports() -> None:
    text = "Filler sentence about nothing at all. " * 30 + "The grass is green."
    supports = Supports(passages(text), words)
    assert supports.quote("Grass is green.", 1, text) == "The grass is green."


def test_an_uncited_sentence_finds_its_source_only_where_it_says_the_same() -> None:
    assert SUPPORTS.find("In spring the grass grows 3 cm.") == (1, "It grows 3 cm in spring.")
    assert SUPPORTS.find("In spring the grass grows 4 cm.") is None
    assert SUPPORTS.find("Green sheep are rare animals in space.") is None


@pytest.mark.parametrize(
    ("sentence", "claims"),
    [
        ("Grass is green.", True),
        ("- **Grass** is green.", True),
        ("# Grass and sheep", False),
        ("Here are the steps to cut grass:", False),
        ("Is the grass green?", False),
        ("Yes.", False),
        ("The passages do not say how sheep sleep.", False),
        ("The passages don't say how sheep sleep.", False),
        ("It isn’t told in the sources how sheep sleep.", False),
        ("Nothing in the sources tells about sheep.", False),
    ],
)
def test_claims_are_told_from_what_claims_nothing(sentence: str, claims: bool) -> None:
    assert SUPPORTS.claims(sentence) is claims


def test_every_quote_is_verbatim_also_of_code_that_holds_fences() -> None:
    text = "Intro to the code.\n\n````\nalpha beta\n```\ngamma delta\n~~~\nepsilon zeta\n````\n"
    supports = Supports(passages(text), words)
    for sentence in ("alpha beta", "gamma delta", "epsilon zeta", "beta gamma", "delta zeta", "intro code"):
        quote = supports.quote(sentence, 1)
        assert quote
        assert quote in text
