from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.core.ports import TextPiece
from src.services.chat.markers import MarkerStream


def split(*deltas: str) -> list[str | int]:
    """Text and citation numbers in order, adjacent text joined."""
    stream = MarkerStream({1, 2, 3})
    joined: list[str | int] = []
    for piece in [*(p for delta in deltas for p in stream.feed(delta)), *stream.flush()]:
        if not isinstance(piece, TextPiece):
            joined.append(piece.number)
        elif joined and isinstance(joined[-1], str):
            joined[-1] += piece.text
        else:
            joined.append(piece.text)
    return joined


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Green [1].", ["Green", 1, "."]),
        ("Green. [1]", ["Green.", 1]),
        ("Green[1, 2].", ["Green", 1, 2, "."]),
        ("Green [1][2]", ["Green", 1, 2]),
        ("Green [1-3].", ["Green", 1, 2, 3, "."]),
        ("Green [ 2 ; 1 ].", ["Green", 2, 1, "."]),
        ("Green [1 and 2].", ["Green", 1, 2, "."]),
        ("Green [Passage 2].", ["Green", 2, "."]),
        ("Green [passage 1, passage 3].", ["Green", 1, 3, "."]),
        ("Green 【1】.", ["Green", 1, "."]),
        ("Green 【1†L3-L7】.", ["Green", 1, "."]),
        ("Green 【9†source】.", ["Green."]),
        ("Green [4].", ["Green."]),
        ("Green [0].", ["Green."]),
        ("Green [1, 99].", ["Green", 1, "."]),
        ("A list [x] or [1a] or [1", ["A list [x] or [1a] or [1"]),
        ("A link [1](http://x).", ["A link [1](http://x)."]),
        ("In `a[1]` code.", ["In `a[1]` code."]),
        ("In ``a`[1]`` code [1].", ["In ``a`[1]`` code", 1, "."]),
        ("A lone ` tick\nthen [1].", ["A lone ` tick\nthen", 1, "."]),
        ("```\na[1]\n```\nb [1]", ["```\na[1]\n```\nb", 1]),
        ("~~~~\n~~~\na[1]\n~~~~\n[2]", ["~~~~\n~~~\na[1]\n~~~~\n", 2]),
        ("```py\na[1]", ["```py\na[1]"]),
        ("[1] [2]\n\n[3]", [1, 2, "\n\n", 3]),
    ],
)
def test_text_is_split_at_its_markers(text: str, expected: list[str | int]) -> None:
    assert split(text) == expected


@given(st.text(alphabet="[]()123, `\n~aSource-【】†", max_size=60), st.data())
def test_the_borders_of_deltas_change_nothing(text: str, data: st.DataObject) -> None:
    borders = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    deltas = [text[a:b] for a, b in zip([0, *borders], [*borders, len(text)], strict=True)]
    assert split(*deltas) == split(text)


def test_text_is_held_back_only_while_a_marker_may_follow() -> None:
    stream = MarkerStream({1})
    assert list(stream.feed("Green")) == [TextPiece("Green")]
    assert list(stream.feed(" [")) == []
    assert list(stream.feed("see below")) == []
    assert list(stream.feed(" for more, and so on and on and on")) != []
