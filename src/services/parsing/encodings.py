"""From bytes to text: byte order marks, declared encodings, UTF-8, and what is left."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from .signatures import utf16_without_mark

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")  # PEP 263
_COMMENT_OR_BLANK = re.compile(rb"^[ \t\f]*(?:#.*)?$")
_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([-\w.:]+)""", re.IGNORECASE)
_BAD_SEQUENCE = re.compile("\ufffd")
_MULTIBYTE = re.compile(r"[^\x00-\x7f\ufffd]")


@dataclass(frozen=True)
class Decoded:
    """A text, and a sentence for the user where the encoding was a guess or characters were lost."""

    text: str
    notice: str | None = None


def decode(content: bytes, declared: str | None = None) -> Decoded:
    """Decode text bytes. A byte order mark wins over ``declared``, that over UTF-8; the last resort is
    Windows-1252, or Latin-1 where even that has no such characters. Never raises."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _lenient(content[len(mark) :], encoding)
    if declared is not None:
        text = _strict(content, declared)
        if text is not None:
            return Decoded(text)
    text = _strict(content, "utf-8")
    if text is None and (order := utf16_without_mark(content)):
        return _lenient(content, order)
    if text is None:
        return _guess(content)
    if "\x00" in text and (order := utf16_without_mark(content)):
        return _lenient(content, order)
    return Decoded(text)


def python_cookie(content: bytes) -> str | None:
    """The encoding that the first two lines of a Python file declare (PEP 263)."""
    first, _, rest = content[:2000].replace(b"\r\n", b"\n").replace(b"\r", b"\n").partition(b"\n")
    for line in (first, rest.partition(b"\n")[0]):
        if found := _COOKIE.match(line):
            return found[1].decode("ascii", "replace")
        if not _COMMENT_OR_BLANK.match(line):
            return None
    return None


def html_charset(content: bytes) -> str | None:
    """The encoding that an HTML page declares in its first kilobytes."""
    found = _CHARSET.search(content[:4096])
    return found[1].decode("ascii", "replace") if found else None


def _strict(content: bytes, encoding: str) -> str | None:
    try:
        if not getattr(codecs.lookup(encoding), "_is_text_encoding", True):
            return None
        return content.decode(encoding)
    except (LookupError, UnicodeError, ValueError):
        return None


def _lenient(content: bytes, encoding: str) -> Decoded:
    text = _strict(content, encoding)
    if text is not None:
        return Decoded(text)
    return Decoded(
        content.decode(encoding, "replace"),
        f"Some bytes are not valid {encoding.upper()}; they are shown as \ufffd.",
    )


def _guess(content: bytes) -> Decoded:
    """UTF-8 with a few damaged bytes, or one byte for each character."""
    text = content.decode("utf-8", "replace")
    if len(_MULTIBYTE.findall(text)) > len(_BAD_SEQUENCE.findall(text)):
        return Decoded(text, "Some bytes are not valid UTF-8; they are shown as \ufffd.")
    windows = _strict(content, "cp1252")
    if windows is not None:
        return Decoded(windows, "The text is not UTF-8; it was read as Windows-1252 (Latin-1).")
    return Decoded(content.decode("latin-1"), "The text is not UTF-8; it was read as Latin-1.")
