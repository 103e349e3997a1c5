"""Plain text and data: encodings, lines, tables."""

from __future__ import annotations

import codecs

import pytest

from src.core.passages import ParsedDocument
from src.services.parsing.encodings import decode, html_charset, python_cookie
from src.services.parsing.lines import Lines, cleaned
from src.services.parsing.parser import DocumentParser
from src.services.parsing.tokens import TokenCounter
from tests.unit.services.parsing.checks import attempt, check


def _parse(parser: DocumentParser, content: bytes, name: str = "a.txt") -> ParsedDocument:
    return parser.parse(content, name=name, media_type=None)


@pytest.mark.parametrize(
    "content",
    [
        "Grüße, мир, 世界\n".encode(),
        codecs.BOM_UTF8 + "Grüße, мир, 世界\n".encode(),
        "Grüße, мир, 世界\n".encode("utf-16"),
        codecs.BOM_UTF16_BE + "Grüße, мир, 世界\n".encode("utf-16-be"),
        codecs.BOM_UTF32_LE + "Grüße, мир, 世界\n".encode("utf-32-le"),
    ],
)
def test_every_unicode_encoding_is_read(parser: DocumentParser, content: bytes) -> None:
    document = _parse(parser, content)
    assert document.drafts[0].text == "Grüße, мир, 世界"
    assert document.notices == ()


@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
def test_utf16_is_known_without_a_mark(parser: DocumentParser, order: str) -> None:
    assert _parse(parser, "Hello there, reader.\n".encode(order)).drafts[0].text == "Hello there, reader."


def test_a_guessed_encoding_is_told(parser: DocumentParser) -> None:
    document = _parse(parser, "„Grüße“ from Köln\n".encode("cp1252"))
    assert document.drafts[0].text == "„Grüße“ from Köln"
    assert document.notices == ("The text is not UTF-8; it was read as Windows-1252 (Latin-1).",)
    assert decode(b"caf\xe9 \x81 text").notice == "The text is not UTF-8; it was read as Latin-1."


def test_a_few_damaged_bytes_do_not_spoil_a_unicode_text(parser: DocumentParser) -> None:
    document = _parse(parser, "Grüße äöü ÄÖÜ ".encode() + b"\xff" + b" Ende\n")
    assert document.drafts[0].text == "Grüße äöü ÄÖÜ \ufffd Ende"
    assert "not valid UTF-8" in document.notices[0]


def test_cut_utf16_is_read_with_a_notice() -> None:
    decoded = decode("Hello".encode("utf-16") + b"\x00")
    assert decoded.text == "Hello\ufffd"
    assert decoded.notice is not None


def test_declared_encodings_are_found_and_bad_ones_ignored() -> None:
    assert python_cookie(b"#!/usr/bin/python\n# vim: set fileencoding=latin-1 :\n") == "latin-1"
    assert python_cookie(b"x = 1\n# coding: latin-1\n") is None
    assert html_charset(b"<META http-equiv='x' content='text/html; charset=koi8-r'>") == "koi8-r"
    assert decode(b"abc", "no-such-encoding").text == "abc"
    assert decode(b"abc", "base64").text == "abc"
    assert decode("ü".encode(), "ascii").text == "ü"


def test_lines_end_only_where_an_editor_ends_them() -> None:
    lines = Lines("a\x0cb\r\nc\rd\u2028e\x85f\n\ng")
    assert lines.all == ["a\x0cb", "c", "d\u2028e\x85f", "", "g"]
    assert lines.text(2, 4) == "c\nd\u2028e\x85f\n"
    assert lines.trim(3, 4) == (3, 3)
    assert Lines("").all == []
    assert Lines("a\n\n").all == ["a", ""]


def test_nul_and_surrogates_never_leave() -> None:
    assert cleaned({"a\0": ["\ud800", ("b",)], "n": 1}) == {"a\ufffd": ["\ufffd", ["b"]], "n": 1}


def test_a_text_with_a_stray_nul_is_text(parser: DocumentParser, count: TokenCounter) -> None:
    source = "one \0 two\n" + "many ordinary words\n" * 20
    document = _parse(parser, source.encode())
    check(document, source, count)
    assert "one \ufffd two" in document.drafts[0].text


def test_each_part_of_a_table_knows_its_columns(parser: DocumentParser, count: TokenCounter) -> None:
    source = "name,price,colour\n" + "".join(f"pen {i},{i},blue\n" for i in range(200))
    document = _parse(parser, source.encode(), "prices.csv")
    check(document, source, count)
    assert len(document.drafts) > 3
    assert {draft.context for draft in document.drafts} == {"name,price,colour"}


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a.json", "json"), ("a.yml", "yaml"), ("a.toml", "toml"), ("LICENSE", "text"), ("a.zzz", "text")],
)
def test_unknown_text_is_read_as_text(parser: DocumentParser, name: str, kind: str) -> None:
    assert _parse(parser, b"key: value\n", name).format == kind


@pytest.mark.parametrize(
    "line",
    [
        "x" * 100_000,
        "word " * 40_000,
        "a;b;c;" * 30_000,
        "世界" * 20_000,
        " " * 100_000 + "x",
        '{"k": [1,2]},' * 9000,
    ],
    ids=["letters", "words", "minified", "han", "spaces", "json"],
)
def test_a_monstrous_line_is_cut_into_parts_of_bearable_size(
    parser: DocumentParser, count: TokenCounter, line: str
) -> None:
    source = f"before\n{line}\nafter\n"
    document = _parse(parser, source.encode())
    check(document, source, count)
    assert max(len(draft.text) for draft in document.drafts) <= 12 * 222 + 1
    letters = sum(len(draft.text.replace(" ", "").replace("\n", "")) for draft in document.drafts)
    assert letters == len(source.replace(" ", "").replace("\n", ""))


def test_long_paragraphs_on_one_line_are_cut_at_sentences(
    parser: DocumentParser, count: TokenCounter
) -> None:
    source = " ".join(f"Sentence number {i} says something." for i in range(200)) + "\n"
    document = _parse(parser, source.encode())
    check(document, source, count)
    assert all(draft.text.startswith("Sentence number") for draft in document.drafts)
    assert {draft.location.start_line for draft in document.drafts} == {1}


@pytest.mark.parametrize("content", [b"", b" \n\t\r\n", b"\xef\xbb\xbf\n", b"\xff\xfe"])
def test_nothing_but_blank_space_is_empty(parser: DocumentParser, content: bytes) -> None:
    assert attempt(parser, content, "a.txt") == "empty"
    assert attempt(parser, content, "a.py") == "empty"
    assert attempt(parser, content, "a.js") == "empty"
    assert attempt(parser, content, "a.md") == "empty"
