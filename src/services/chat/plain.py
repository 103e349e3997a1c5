"""Passages as plain text, for models without citations of their own: delimited, and no delimiter forged."""

from __future__ import annotations

import re
from collections.abc import Iterable

from src.core.ports import ChatPassage, ChatPiece, ChatPrompt, OnUsage, TextPiece, UsagePiece

_DELIMITER = re.compile(r"<(?=\s*/?\s*passages?\b)", re.IGNORECASE)
_THINK, _THOUGHT = "<think>", "</think>"
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


class Thoughts:
    """Leaves out a leading ``<think>…</think>``, which some servers put into the answer's text."""

    def __init__(self) -> None:
        self._held = ""
        self._decided = False
        self._inside = False

    def leave_out(self, text: str) -> str:
        """What is certain to be answer once ``text`` has come as well."""
        if self._decided and not self._inside:
            return text
        self._held += text
        if not self._decided:
            start = self._held.lstrip()
            if len(start) < len(_THINK) and _THINK.startswith(start):
                return ""
            self._decided = True
            self._inside = start.startswith(_THINK)
        if self._inside:
            _, found, rest = self._held.partition(_THOUGHT)
            if not found:
                self._held = self._held[-len(_THOUGHT) :]
                return ""
            self._inside = False
            self._held = rest.lstrip()
        return self.rest()

    def rest(self) -> str:
        """What was held back, at the end of the answer; thoughts without an end stay out."""
        held, self._held = self._held, ""
        return "" if self._inside else held
