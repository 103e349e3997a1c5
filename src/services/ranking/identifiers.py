"""The exact names in a question, and whether a passage holds them."""

from __future__ import annotations

import re

_QUOTED = re.compile(r"\"([^\"\n]{1,80})\"|(?<!\w)'([^'\n]{1,80})'(?!\w)|`([^`\n]{1,80})`")
_WORD = re.compile(r"\w+")
_INNER_CAPITAL = re.compile(r"[a-z0-9][A-Z]|[A-Z]{2,}[a-z]")


def identifiers_of(query: str) -> frozenset[str]:
    """The query's words that look like names (an underscore, an inner capital, or digits among letters)
    and every word that stands in quotes.

    A bare number is a name only in quotes: years and quantities are not, and counting them measured
    worse on all question sets without code.
    """
    quoted = {
        word
        for groups in _QUOTED.findall(query)
        for word in _WORD.findall(next(part for part in groups if part))
    }
    return frozenset(quoted | {word for word in _WORD.findall(query) if _is_name(word)})


def share_found(identifiers: frozenset[str], text: str) -> float:
    """The share of the identifiers that the text holds as whole words, from 0 to 1; one with a capital
    in it only as it is written."""
    if not identifiers:
        return 0.0
    lowered = text.lower()
    found = sum(_stands_in(name, lowered if name == name.lower() else text) for name in identifiers)
    return found / len(identifiers)


def _is_name(word: str) -> bool:
    if word.strip("_") == "" or word.isdigit():
        return False
    return "_" in word or any(map(str.isdigit, word)) or _INNER_CAPITAL.search(word) is not None


def _stands_in(name: str, text: str) -> bool:
    position = text.find(name)
    while position >= 0:
        end = position + len(name)
        if not _continues(text[position - 1 : position]) and not _continues(text[end : end + 1]):
            return True
        position = text.find(name, position + 1)
    return False


def _continues(character: str) -> bool:
    return character.isalnum() or character == "_"
