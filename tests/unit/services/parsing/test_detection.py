"""Which format reads what, and what none reads."""

from __future__ import annotations

import gzip
import lzma
import struct

import pytest

from src.core.errors import DocumentError
from src.services.parsing.limits import ParsingLimits
from src.services.parsing.parser import DocumentParser
from tests.unit.services.parsing.checks import attempt
from tests.unit.services.parsing.making import pdf

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(40)
DEFINITION = b"def f():\n    return 1\n"


@pytest.mark.parametrize(
    ("content", "name", "media_type", "expected"),
    [
        (DEFINITION, "a.py", None, "python"),
        (DEFINITION, "A.PY", "application/octet-stream", "python"),
        (DEFINITION, "src\\deep\\a.py", "text/plain", "python"),
        (DEFINITION, "snippet", "text/x-python", "python"),
        (b"#!/usr/bin/env python3\nx = 1\n", "tool", None, "python"),
        (b"#!/usr/bin/env -S bash -e\nls\n", "tool", None, "bash"),
        (b"#!/bin/sh\nls\n", "tool", None, "bash"),
        (b"#!/opt/x/perl\nprint;\n", "tool", None, "text"),
        (b"# Title\n", "a.txt", "text/markdown; charset=utf-8", "markdown"),
        (b"# Title\n", "https://example.org/page.html", "text/markdown", "markdown"),
        (b"# Title\n", "README.md", "text/plain", "markdown"),
        (b"let x: number = 1;\n", "a.ts", "video/mp2t", "typescript"),
        (b"<!-- c -->\n<!DOCTYPE html><p>x", "page", None, "html"),
        (b"{}\n", "a", "application/json", "json"),
        (b"words\n", "", None, "text"),
        (b"words\n", ".py", None, "text"),
        (pdf(["x"]), "a", "text/plain", "pdf"),
        (b"source 'x'\n", "Gemfile", None, "ruby"),
    ],
)
def test_the_format_is_chosen_by_content_media_type_and_name(
    parser: DocumentParser, content: bytes, name: str, media_type: str | None, expected: str
) -> None:
    assert parser.parse(content, name=name, media_type=media_type).format == expected


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (PNG, "a.png", "binary"),
        (PNG, "a.py", "binary"),
        (b"\x7fELF\x02\x01\x01" + bytes(99), "prog", "binary"),
        (b"MZ\x90\x00" + bytes(99), "prog.exe", "binary"),
        (bytes(range(256)) * 8, "data", "binary"),
        (struct.pack("100d", *range(100)), "data.txt", "binary"),
        (gzip.compress(b"hello", mtime=0), "a.txt.gz", "archive"),
        (lzma.compress(b"hello"), "a.xz", "archive"),
        (b"a.txt".ljust(257, b"\0") + b"ustar\x0000" + bytes(300), "a.tar", "archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "old.doc", "unsupported_format"),
        (b"{\\rtf1 x}", "a.rtf", "unsupported_format"),
        (b"no zip", "a.docx", "damaged"),
        (b"no pdf", "a.pdf", "damaged"),
    ],
)
def test_what_holds_no_text_is_refused_with_its_reason(
    parser: DocumentParser, content: bytes, name: str, code: str
) -> None:
    assert attempt(parser, content, name) == code


def test_a_file_over_the_size_limit_is_refused() -> None:
    parser = DocumentParser(tokenizer=None, max_tokens=256, limits=ParsingLimits(max_bytes=10))
    assert attempt(parser, b"12345678901", "a.txt") == "too_large"
    assert attempt(parser, b"1234567890", "a.txt") != "too_large"


def test_a_file_that_makes_too_many_passages_is_refused() -> None:
    parser = DocumentParser(tokenizer=None, max_tokens=256, limits=ParsingLimits(max_passages=3))
    source = "\n".join(f"def f{i}(): pass" for i in range(5)).encode()
    assert attempt(parser, source, "a.py") == "too_many_passages"


def test_any_string_may_be_a_name_or_a_content(parser: DocumentParser, naughty_strings: list[str]) -> None:
    for string in [*naughty_strings, "\ud800.py", "a\0b.md", "../" * 50 + "x.js"]:
        document = parser.parse(b"x = 1\n", name=string, media_type=string)
        assert document.drafts[0].text == "x = 1"
        content = string.encode("utf-8", "surrogatepass")
        for suffix in ("txt", "py", "md", "rst", "html", "js", "ipynb", "csv"):
            attempt(parser, content, f"a.{suffix}")


@pytest.mark.parametrize("name", ["note.md", "note.txt"])
def test_a_short_text_with_a_nul_is_refused_for_the_nul(parser: DocumentParser, name: str) -> None:
    with pytest.raises(DocumentError, match="NUL characters") as refused:
        parser.parse(b"# Hay\x00 bale\n", name=name, media_type=None)
    assert refused.value.code == "binary"


def test_a_long_text_with_a_nul_is_read_with_the_nul_shown(parser: DocumentParser) -> None:
    content = b"# Hay\n\nThe bales are stacked in the barn\x00 before it rains.\n"
    document = parser.parse(content, name="note.md", media_type=None)
    assert "barn\ufffd before" in document.drafts[0].text
