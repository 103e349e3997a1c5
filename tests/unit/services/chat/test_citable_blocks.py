from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.services.chat.anthropic import citable_blocks


def test_a_passage_is_cut_into_sentences_and_paragraphs() -> None:
    text = "One is here. Two is e.g. there.\n\nA paragraph. Its end"
    assert citable_blocks(text) == ["One is here. ", "Two is e.g. there.\n\n", "A paragraph. ", "Its end"]


@given(st.text(alphabet="aA. \n!", max_size=80))
def test_joined_the_blocks_are_the_passage_and_none_is_blank(text: str) -> None:
    blocks = citable_blocks(text)
    assert all(block.strip() for block in blocks)
    if text.strip():
        assert "".join(blocks) == text


@pytest.mark.parametrize("text", ["", "  \n\n "])
def test_an_empty_passage_still_has_a_block(text: str) -> None:
    assert citable_blocks(text) == ["(empty)"]
