"""Passages as plain text, for models without citations of their own: delimited, and no delimiter forged."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from src.core.ports import ChatPassage, ChatPiece, ChatPrompt, OnUsage, TextPiece, UsagePiece

_DELIMITER = re.compile(r"<(?=\s*/?\s*passages?\b)", re.IGNORECASE)
_ATTRIBUTE = str.maketrans({'"': "'", "<": "‹", ">": "›", "\n": " ", "\r": " "})


def system_text(prompt: ChatPrompt) -> str:
    """The system prompt with the rules for writing markers."""
    return f"{prompt.system}\n\n{prompt.marker_rules}".strip()


def user_text(prompt: ChatPrompt) -> str:
    """The passages as delimited data, then the question."""
    passages = "\n\n".join(delimited(passage) for passage in prompt.passages)
    return f"{passages}\n\nQuestion: {prompt.question}" if passages else prompt.question


def delimited(passage: ChatPassage) -> str:
    """One passage between tags that its own text cannot close or open."""
    title = passage.title.translate(_ATTRIBUTE)
    source = passage.source.translate(_ATTRIBUTE)
    text = _DELIMITER.sub("‹", passage.text)
    return f'<passage number="{passage.number}" title="{title}" source="{source}">\n{text}\n</passage>'


def whole(pieces: Iterable[ChatPiece], on_usage: OnUsage | None) -> str:
    """All the text of a call; what it used is told at its end."""
    texts = []
    for piece in pieces:
        if isinstance(piece, TextPiece):
            texts.append(piece.text)
        elif isinstance(piece, UsagePiece) and on_usage is not None:
            on_usage(piece)
    return "".join(texts).strip()


def without_thoughts(texts: Iterable[str]) -> Iterator[str]:
    """Leave out a leading ``<think>…</think>``, which some servers put into the answer's text."""
    held = ""
    decided = False
    inside = False
    for text in texts:
        if decided and not inside:
            yield text
            continue
        held += text
        if not decided:
            start = held.lstrip()
            if "<think>".startswith(start[:7]) and len(start) < 7:
                continue
            decided = True
            inside = start.startswith("<think>")
        if inside:
            _, found, rest = held.partition("</think>")
            if not found:
                continue
            inside = False
            held = rest.lstrip()
        if held:
            yield held
        held = ""
    if held and not inside:
        yield held
