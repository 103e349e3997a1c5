from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.agents.answer.citations import SentenceWriter
from src.agents.answer.draft import Delta, Draft, Item
from src.core.ports import CitationPiece, TextPiece
from src.services.text.support import Supports

from .hits import passages, words

PASSAGES = passages(
    "The grass is green. It grows 3 cm in spring.",
    "The sky is blue because of Rayleigh scattering.\n\n```python\nsky.colour(1)\n```\n",
    "The sea is salty.",
)
Piece = str | int | tuple[int, str]


def write(*pieces: Piece, cut: bool = False) -> Draft:
    """What becomes of text, citations by number, and citations with the provider's quote."""
    draft = Draft()
    writer = SentenceWriter(Supports(PASSAGES, words), lambda address: "known" in address, draft)
    items: list[Item] = []
    for piece in pieces:
        if isinstance(piece, str):
            items += writer.take(TextPiece(piece))
        else:
            number, quote = (piece, "") if isinstance(piece, int) else piece
            items += writer.take(CitationPiece(number, quote))
    items += writer.break_off() if cut else writer.finish()
    assert "".join(item.text for item in items if isinstance(item, Delta)) == draft.text
    return draft


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (("Grass is green", 1, "."), "Grass is green [1]."),
        (("Grass is green.", 1, " The sea is salty", 3, "."), "Grass is green. [1] The sea is salty [3]."),
        (("Grass is green ", 1, "while the sky is blue", 2, "."),
         "Grass is green [1] while the sky is blue [2]."),
        (("Green grass, blue sky", 1, 2, "."), "Green grass, blue sky [1][2]."),
        (("Grass is green", 1, 1, "."), "Grass is green [1]."),
        (("Grass is green", 1, "(truly)."), "Grass is green [1] (truly)."),
        (("Green grass", 1, ": of course."), "Green grass [1] : of course."),
        (("- Grass is green", 1, "\n- The sea is salty", 3, "\n"),
         "- Grass is green [1]\n- The sea is salty [3]\n"),
        (("Grass is green.\n", 1, "\nThe sea is salty.", 3), "Grass is green. [1]\n\nThe sea is salty. [3]"),
    ],
)  # fmt: skip
def test_markers_stand_behind_what_they_support(pieces: tuple[Piece, ...], text: str) -> None:
    draft = write(*pieces)
    assert draft.text == text
    assert draft.grounded


def test_each_passage_is_cited_once_with_the_quote_for_its_first_sentence() -> None:
    draft = write("In spring it grows 3 cm", 1, ". Grass is green", 1, ". The sea is salty", 3, ".")
    assert draft.quotes == {1: "It grows 3 cm in spring.", 3: "The sea is salty."}


def test_the_providers_quote_is_taken_over() -> None:
    assert write("Das Gras ist grün", (1, "The grass is green. "), ".").quotes == {1: "The grass is green."}


def test_a_citation_that_its_passage_does_not_support_is_left_out() -> None:
    draft = write("The moon is made of cheese", 1, ".")
    assert draft.text == "The moon is made of cheese."
    assert (draft.quotes, draft.uncited) == ({}, ["The moon is made of cheese."])
    assert not draft.grounded


def test_a_sentence_without_citation_is_given_the_source_that_says_the_same() -> None:
    draft = write("The sky is blue because of Rayleigh scattering. The moon is far away.")
    assert draft.text == "The sky is blue because of Rayleigh scattering [2]. The moon is far away."
    assert (draft.claims, draft.uncited) == (2, ["The moon is far away."])


def test_an_answer_that_cites_nothing_is_not_grounded() -> None:
    assert not write("The passages do not say.").grounded


def test_code_stays_verbatim_and_is_cited_after_its_fence() -> None:
    draft = write("Do this:\n\n```python\nsky.colour(1)", 2, "\n```\n", "It is blue sky", 2, ".")
    assert draft.text == "Do this:\n\n```python\nsky.colour(1)\n```\n[2]\nIt is blue sky [2]."
    behind = write("```python\nsky.colour(1)\n```\n", 2, "\nDone.")
    assert behind.text == "```python\nsky.colour(1)\n```\n[2]\n\nDone."


def test_a_block_of_code_is_cited_by_its_lead_in_or_by_who_holds_its_lines() -> None:
    block = "```python\nsky.colour(1)\n```\n"
    led = write("The sky is blue", 2, ":\n\n", block, "\nDone.")
    assert (led.uncited, led.text.count("[2]")) == ([], 1)
    found = write(block, "\nDone.")
    assert found.text == f"{block}[2]\n\nDone."
    assert (found.quotes, found.uncited) == ({2: "sky.colour(1)"}, [])
    assert write("```\nmoon.colour(2)\n```").uncited == ["```\nmoon.colour(2)\n```"]


def test_active_text_is_made_inert_and_false_markers_are_escaped() -> None:
    draft = write("Grass ![x](https://evil.example/?q=1) is green [3]", 1, ". <img src=x> <b>")
    assert draft.text == "Grass x is green \\[3] [1]. \\<img src=x> \\<b>"
    assert list(draft.quotes) == [1]


def test_a_marker_cannot_become_a_link() -> None:
    for follows in ("(https://known.example)", "[x]", ": https://known.example"):
        text = write("Green grass", 1, follows).text
        assert not re.search(r"\[1\][\[(:]", text)


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (("Grass is green", 1, ". The sky is bl"), "Grass is green [1]. "),
        (("Grass is green", 1, "."), "Grass is green [1]."),
        (("Grass is gr",), ""),
        (("Look:\n```py\nx = 1",), "Look:\n```py\nx = 1\n```\n"),
        (("Look:\n```py\nx = 1\n",), "Look:\n```py\nx = 1\n```\n"),
        ((), ""),
    ],
)
def test_a_broken_answer_ends_with_its_last_whole_sentence(pieces: tuple[Piece, ...], text: str) -> None:
    assert write(*pieces, cut=True).text == text


def test_what_cannot_be_stored_is_left_out() -> None:
    assert write("Grass\x00 is \ud800green", 1, ".").text == "Grass is green [1]."


@given(st.data())
def test_the_borders_of_deltas_change_nothing(data: st.DataObject) -> None:
    text = "Grass is green. The sky\nis blue.\n\n```py\na = b. C\n```\n- The sea. It is `a. B` salty! Yes? ok"
    borders = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    deltas = [text[a:b] for a, b in zip([0, *borders], [*borders, len(text)], strict=True)]
    assert write(*deltas).text == write(text).text


@given(st.text(alphabet="aG. \n`~[]1!-*", max_size=80))
def test_every_character_comes_out_once(text: str) -> None:
    plain = re.sub(r"\\(?=[\[\]!`])", "", write(text).text)
    closed = re.sub(r"[`~\n\s]+", "", text)
    assert re.sub(r"[`~\n\s]+", "", plain).startswith(closed)
