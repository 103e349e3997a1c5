"""A text as its lines, counted as an editor counts them."""

from __future__ import annotations

import re
from typing import Any

_UNPRINTABLE = re.compile("[\x00\ud800-\udfff]")


def clean(text: str) -> str:
    """The text without NUL characters and lone surrogates, which no database or encoder takes."""
    return _UNPRINTABLE.sub("\ufffd", text)


def cleaned(value: Any) -> Any:
    """``value`` (strings, lists and dicts of them) with every string cleaned."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list | tuple):
        return [cleaned(item) for item in value]
    if isinstance(value, dict):
        return {clean(key): cleaned(item) for key, item in value.items()}
    return value


class Lines:
    """The lines of a text without their ends, numbered from 1.

    Only ``\\n``, ``\\r\\n`` and ``\\r`` end a line: a form feed or a Unicode line separator does not, so
    the numbers are those of an editor. A last line end opens no further line.
    """

    def __init__(self, text: str) -> None:
        self.all = clean(text).replace("\r\n", "\n").replace("\r", "\n").split("\n")
        if self.all[-1] == "":
            self.all.pop()

    def __len__(self) -> int:
        return len(self.all)

    def __getitem__(self, number: int) -> str:
        return self.all[number - 1]

    def text(self, start: int, end: int) -> str:
        """Lines ``start`` to ``end``, both included, joined by ``\\n``."""
        return "\n".join(self.all[start - 1 : end])

    def is_blank(self, number: int) -> bool:
        line = self.all[number - 1]
        return not line or line.isspace()

    def trim(self, start: int, end: int) -> tuple[int, int]:
        """The range without blank lines at its ends; ``end < start`` where nothing is left."""
        while start <= end and self.is_blank(start):
            start += 1
        while end >= start and self.is_blank(end):
            end -= 1
        return start, end
