"""The exact names in a question, and whether a passage holds them."""

from __future__ import annotations

import re

_QUOTED = re.compile(r"\"([^\"\n]{2,80})\"|'([^'\n]{2,80})'(?!\w)|`([^`\n]{2,80})`")
_WORD = re.compile(r"[^\W\d_]\w*(?:[.:]+\w+)*|\w*\d\w*|_\w+", re.UNICODE)
_INNER_CAPITAL = re.compile(r"[a-z0-9][A-Z]|[A-Z]{2,}[a-z]")


def identifiers_of(query: str) -> frozenset[str]:
    """The query's words that look like names (a digit, an underscore or an inner capital in them), and
    what stands in quotes; all in lower case."""
    quoted = {next(part for part in match if part) for match in _QUOTED.findall(query)}
    names = {
        word.strip(".:")
        for word in _WORD.findall(query)
        if "_" in word or any(c.isdigit() for c in word) or _INNER_CAPITAL.search(word)
    }
    return frozenset(token.strip().lower() for token in quoted | names if len(token.strip()) > 1)


def share_found(identifiers: frozenset[str], text: str) -> float:
    """The share of the identifiers that the text holds as whole words, from 0 to 1."""
    if not identifiers:
        return 0.0
    lowered = text.lower()
    return sum(_stands_in(token, lowered) for token in identifiers) / len(identifiers)


def _stands_in(token: str, lowered: str) -> bool:
    position = lowered.find(token)
    while position >= 0:
        before = lowered[position - 1] if position else " "
        end = position + len(token)
        after = lowered[end] if end < len(lowered) else " "
        if not (_joins(before) and _joins(token[0])) and not (_joins(after) and _joins(token[-1])):
            return True
        position = lowered.find(token, position + 1)
    return False


def _joins(character: str) -> bool:
    return character.isalnum() or character == "_"
