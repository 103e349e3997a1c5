"""Checks whether a passage supports a sentence, and finds the words of it that do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from src.core.ports import ChatPassage

from .sentences import UnitKind, Words, split_units, unfenced

_LONGEST_QUOTE = 600
_CARRIES = 0.6
_CLAIM_WORDS = 2
_FIGURE = re.compile(r"\d+(?:[.,]\d+)*")
_ITEM_NUMBER = re.compile(r"^\s*\d{1,3}[.)]\s")
_CODE_SPAN = re.compile(r"`([^`]+)`")
_NAME = re.compile(r"[^\W\d]\w{2,}")
_NUMERALS = dict(
    zero="0",
    one="1",
    two="2",
    three="3",
    four="4",
    five="5",
    six="6",
    seven="7",
    eight="8",
    nine="9",
    ten="10",
)
_SOURCES = r"\b(?:passages?|sources?|documents?|context|excerpts?)\b"
_NOT = r"(?:\b(?:not|no|nothing|neither)\b|n['’]t\b)"
_DISCLAIMS = re.compile(
    rf"{_SOURCES}[^.]*(?:{_NOT}|\b(?:lacks?|without)\b)|{_NOT}[^.]*{_SOURCES}", re.IGNORECASE
)


@dataclass(frozen=True)
class _Span:
    text: str
    words: frozenset[str]


class Supports:
    """The passages of one answer, cut into spans once. ``number`` means a passage's number everywhere."""

    def __init__(self, passages: Sequence[ChatPassage], words: Words) -> None:
        self._words = words
        self._texts = {passage.number: passage.text for passage in passages}
        self._titles = {passage.number: frozenset(words(passage.title)) for passage in passages}
        self._spans = {passage.number: self._cut(passage.text) for passage in passages}

    def quote(self, sentence: str, number: int, offered: str = "") -> str | None:
        """What supports ``sentence`` in passage ``number``, verbatim; None where nothing does.

        ``offered`` is the quote that the model's provider vouches for; it is kept where the passage holds
        it. Otherwise the passage must share a content word with the sentence and, where the sentence has
        figures or names in code, one of those too.
        """
        text = self._texts.get(number)
        if text is None:
            return None
        offered = offered.strip()
        if offered and offered in text:
            return offered if len(offered) <= _LONGEST_QUOTE else self._best(sentence, number, offered)
        wanted = frozenset(self._words(sentence))
        shared = wanted & (frozenset().union(*(span.words for span in self._spans[number])))
        if not shared and not wanted & self._titles[number]:
            return None
        for told, held in (
            (figures_in(sentence), figures_in(text)),
            (_names(sentence), set(_NAME.findall(text))),
        ):
            if told and not told & held:
                return None
        return self._best(sentence, number, "")

    def find(self, sentence: str) -> tuple[int, str] | None:
        """The passage that says what ``sentence`` says, with its quote, for a sentence without citation.

        Strict, as nobody vouches for it: one span must hold most of the content words and all figures.
        """
        wanted = frozenset(self._words(sentence))
        figures = figures_in(sentence)
        best: tuple[float, int, str] | None = None
        for number, spans in self._spans.items():
            for span in spans:
                share = len(wanted & (span.words | self._titles[number])) / max(1, len(wanted))
                if share < _CARRIES or (best and share <= best[0]):
                    continue
                if figures <= figures_in(span.text, spelt=True):
                    best = (share, number, span.text)
        return (best[1], best[2]) if best else None

    def find_code(self, code: str) -> tuple[int, str] | None:
        """The passage that holds most lines of a block of code, with its quote."""
        body = unfenced(code)
        lines = [line.strip() for line in body.splitlines() if line.strip()]
        for number, text in self._texts.items():
            held = {line.strip() for line in text.splitlines()}
            if lines and sum(line in held for line in lines) >= _CARRIES * len(lines):
                whole = body in text and len(body) <= _LONGEST_QUOTE
                return number, body if whole else self._best(body, number, "")
        return None

    def claims(self, sentence: str) -> bool:
        """Whether a sentence states something that needs a source: not a heading, a question, a lead-in
        (`...:`), a fragment, or a statement about what the sources do not hold."""
        text = sentence.strip().rstrip("*_ ")
        if text.startswith("#") or text.endswith((":", "?")) or _DISCLAIMS.search(text):
            return False
        return len(set(self._words(text))) >= _CLAIM_WORDS

    def _cut(self, text: str) -> list[_Span]:
        """Sentences, and for code its lines in overlapping windows of three."""
        spans = []
        for unit in split_units(text):
            piece = unit.of(text)
            if unit.kind is UnitKind.CODE or (piece.count("\n") > 3):
                lines = unfenced(piece).splitlines(keepends=True)
                pieces = ["".join(lines[at : at + 3]).strip() for at in range(max(1, len(lines) - 2))]
            else:
                pieces = [piece]
            spans += [_Span(piece, frozenset(self._words(piece))) for piece in pieces if piece]
        return spans

    def _best(self, sentence: str, number: int, within: str) -> str:
        wanted = frozenset(self._words(sentence))
        spans = [span for span in self._spans[number] if not within or span.text in within]
        if not spans:
            return (within or self._texts[number])[:_LONGEST_QUOTE].strip()
        best = max(spans, key=lambda span: len(wanted & span.words) / (8 + len(span.words)))
        return best.text[:_LONGEST_QUOTE].strip()


def figures_in(text: str, *, spelt: bool = False) -> set[str]:
    """The numbers of a text, `1,000` as 1000; ``spelt`` adds `three` as 3. A list item's own is none."""
    text = _ITEM_NUMBER.sub("", text)
    figures = {found.replace(",", "") for found in _FIGURE.findall(text)}
    if spelt:
        figures |= {_NUMERALS[word] for word in re.findall(r"[a-z]+", text.lower()) if word in _NUMERALS}
    return figures


def _names(sentence: str) -> set[str]:
    """The identifiers that a sentence names in inline code."""
    return {name for code in _CODE_SPAN.findall(sentence) for name in _NAME.findall(code)}
