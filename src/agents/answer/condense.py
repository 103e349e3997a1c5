"""Turns a follow-up question into one that can be searched for without its conversation."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence

from src.core.errors import ModelError
from src.core.ports import ChatModel, ChatTurn
from src.services.text.sentences import Words

from .prompt import plain_turn

log = logging.getLogger(__name__)

_POINTS_BACK = re.compile(
    r"\b(?:it|its|they|them|their|this|that|these|those|he|she|his|her|him|one|ones)\b", re.IGNORECASE
)
_GOES_ON = re.compile(
    r"^\s*(?:and|but|or|so|also|then|ok(?:ay)?|yes|no|why|how come|what about|how about|what if|what else|"
    r"tell me more|go on|for example|such as|really|which one|in what way)\b",
    re.IGNORECASE,
)
_FEW_WORDS = 4
_CARRIED_TERMS = 10
_TERM = re.compile(r"[^\s,;:!?()\[\]{}\"“”]+")


def needs_context(question: str, words: Words) -> bool:
    """Whether a question leans on what was said before: it points back, goes on, or is very short."""
    if _GOES_ON.search(question) or _POINTS_BACK.search(question):
        return True
    return len(set(words(question))) < _FEW_WORDS


def carry_terms(question: str, history: Sequence[ChatTurn], words: Words) -> str:
    """The question with the key terms of the one before it, where it needs them.

    Terms are taken as they were written, of the last question that had any of its own.
    """
    if not history or not needs_context(question, words):
        return question
    known = set(words(question))
    for turn in reversed(history):
        terms = []
        for found in _TERM.finditer(turn.question):
            term = found.group().strip(".'’")
            own = set(words(term))
            if own and not own <= known:
                known |= own
                terms.append(term)
        if terms:
            return f"{question} ({' '.join(terms[-_CARRIED_TERMS:])})"
    return question


def rewrite(
    question: str, history: Sequence[ChatTurn], chat: ChatModel, system: str, *, timeout_s: float
) -> str:
    """The question as the model rewrites it. Raises ModelError."""
    turns = [f"User: {turn.question}\nAnswer: {plain_turn(turn.answer)}" for turn in history]
    conversation = "\n".join([*turns, f"User: {question}"])
    reply = chat.complete(system, conversation, max_tokens=200, timeout_s=timeout_s)
    line = next((line.strip() for line in reply.splitlines() if line.strip()), "")
    line = "".join(filter(str.isprintable, line)).removeprefix("User:").strip().strip('"').strip()
    usable = line and len(line) <= 2 * len(question) + 300
    return line if usable else question


def condense(
    question: str,
    history: Sequence[ChatTurn],
    words: Words,
    *,
    chat: ChatModel | None,
    system: str,
    timeout_s: float,
) -> str:
    """The stand-alone question, by the model where there is one and by carried terms where it fails."""
    if not history:
        return question
    if chat is not None:
        try:
            return rewrite(question, history, chat, system, timeout_s=timeout_s)
        except ModelError as error:
            log.info("condensing without the model: %s", error.code)
    return carry_terms(question, history, words)
