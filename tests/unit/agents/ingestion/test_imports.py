"""A line of an import is taken as a document, or refused with its number and its reason."""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from typing import Any

import pytest

from src.agents.ingestion.imports import read_lines
from src.core.messages.documents import RejectedLine

GOOD = {"external_id": "1", "title": "", "text": "Goods may be returned."}


def refusal(line: bytes) -> RejectedLine:
    documents, good, rejected = read_lines(line, max_line_bytes=100_000)
    assert (documents, good) == ([], 0)
    return rejected[0]


def line(**values: Any) -> bytes:
    return json.dumps({**GOOD, **values}).encode()


@pytest.mark.parametrize(
    "values",
    [
        {"text": "half \ud800"},
        {"uri": "https://example.org/\udfff"},
        {"media_type": "\ud800"},
        {"metadata": {"key": ["\ud800"]}},
        {"metadata": {"\udfff": 1}},
    ],
)
def test_half_a_character_anywhere_in_a_line_refuses_it(values: dict[str, Any]) -> None:
    assert refusal(line(**values)).code == "malformed_json"


@pytest.mark.parametrize("metadata", [{"a": "\x00"}, {"\x00": 1}, {"a": [{"b": "x\x00"}]}])
def test_a_nul_in_the_metadata_refuses_the_line(metadata: dict[str, Any]) -> None:
    assert refusal(line(metadata=metadata)).detail == "metadata: must not hold NUL"


def test_an_escape_that_is_written_out_is_no_nul() -> None:
    documents, _, rejected = read_lines(line(metadata={"a": "\\u0000"}), max_line_bytes=1000)
    assert rejected == []
    assert documents[0].metadata == {"a": "\\u0000"}


@pytest.mark.parametrize(
    "metadata", [b"NaN", b"Infinity", b"1e999", b"9" * 5000, b"[" * 50_000 + b"]" * 50_000]
)
def test_what_json_cannot_pass_on_refuses_the_line(metadata: bytes) -> None:
    refusal(b'{"external_id": "1", "text": "", "metadata": {"a": ' + metadata + b"}}")


def test_a_byte_order_mark_may_stand_before_the_first_line() -> None:
    _, good, rejected = read_lines(BOM_UTF8 + line(), max_line_bytes=1000)
    assert (good, rejected) == (1, [])
