"""Turns a model's pieces into an answer, sentence by sentence: citations checked, text made inert.

Nothing is given out before its sentence is complete, so nothing given out is ever taken back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from src.core.ports import CitationPiece, TextPiece
from src.services.text.sentences import FENCE, is_sentence_end, sentence_ends
from src.services.text.support import Supports

from .draft import Cited, Delta, Draft, Item
from .markdown import code_spans, inert

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""No database and no reply can hold these: NUL, and halves of characters."""
_ENDED = re.compile(r"""[.!?…。！？]["'”’)\]*_`]*\s*$""")


@dataclass(frozen=True)
class _Mark:
    """A citation of passage ``number`` at ``position`` of the text that is held."""

    position: int
    number: int
    quote: str


class SentenceWriter:
    """Takes pieces, gives items and records them in ``draft``. ``known`` says which addresses may stay."""

    def __init__(self, supports: Supports, known: Callable[[str], bool], draft: Draft) -> None:
        self._supports = supports
        self._known = known
        self._draft = draft
        self._held = ""
        self._marks: list[_Mark] = []
        self._fence = ""
        self._code = ""
        self._cited = False

    def take(self, piece: TextPiece | CitationPiece) -> Iterator[Item]:
        """The items that are certain after ``piece``."""
        if isinstance(piece, TextPiece):
            self._held += _UNSTORABLE.sub("", piece.text)
            yield from self._given(self._complete(final=False))
        elif self._code and not self._fence and not self._held.strip():
            yield from self._given(self._cite_code([_Mark(0, piece.number, piece.quote)]))
        else:
            self._marks.append(_Mark(len(self._held), piece.number, piece.quote))

    def finish(self) -> Iterator[Item]:
        """The rest, at the end of the model's answer."""
        yield from self._given(self._complete(final=True))
        yield from self._given(self._close())

    def break_off(self) -> Iterator[Item]:
        """The end of an answer that was cut: an incomplete sentence is left out, an open block closed."""
        if self._fence or _ENDED.search(self._held):
            yield from self._given(self._complete(final=True))
        self._held, self._marks = "", []
        yield from self._given(self._close())

    def _given(self, items: Iterator[Item]) -> Iterator[Item]:
        for item in items:
            if item != Delta(""):
                yield self._draft.add(item)

    def _complete(self, *, final: bool) -> Iterator[Item]:
        while self._held:
            end = self._unit_end(final)
            if end is None:
                return
            unit, self._held = self._held[:end], self._held[end:]
            marks = [mark for mark in self._marks if mark.position <= end]
            later = self._marks[len(marks) :]
            self._marks = [replace(mark, position=mark.position - end) for mark in later]
            if not self._fence:
                yield from self._settle()
            if self._fence or self._begins_fence(unit):
                yield from self._code_line(unit, marks)
            else:
                yield from self._sentence(unit, marks)

    def _begins_fence(self, text: str) -> bool:
        return (not self._draft.text or self._draft.text.endswith("\n")) and bool(FENCE.match(text))

    def _unit_end(self, final: bool) -> int | None:
        """Where the first unit of what is held ends: a line of code, or a sentence with the space after
        it. A sentence waits for the next one to begin, as its citation may stand behind its full stop."""
        line_end = self._held.find("\n") + 1
        if self._fence or self._begins_fence(self._held):
            return line_end or (len(self._held) if final else None)
        for found in sentence_ends(self._held):
            if line_end and found.start() >= line_end:
                break
            if found.end() < len(self._held) and is_sentence_end(self._held, 0, found):
                return min(found.end(), line_end or found.end())
        if line_end and (final or self._held[line_end:].strip()):
            rest = self._held[line_end:]
            return line_end + len(rest) - len(rest.lstrip("\n"))
        return len(self._held) if final else None

    def _code_line(self, line: str, marks: list[_Mark]) -> Iterator[Item]:
        """A line of a fenced block. Its markers wait until it is closed: code has no place for them."""
        fence = FENCE.match(line)
        opens = not self._fence
        self._code = line if opens else self._code + line
        self._marks = [*(replace(mark, position=0) for mark in marks), *self._marks]
        if opens:
            self._fence = fence.group(1) if fence else ""
            yield Delta(line)
        elif fence and fence.group(1).startswith(self._fence) and not line[fence.end() :].strip():
            self._fence = ""
            yield Delta(line if line.endswith("\n") else f"{line}\n")
            inside = [mark for mark in self._marks if mark.position == 0]
            self._marks = self._marks[len(inside) :]
            yield from self._cite_code(inside)
        else:
            yield Delta(line)

    def _cite_code(self, marks: Sequence[_Mark]) -> Iterator[Item]:
        kept = self._kept(self._code, marks)
        if kept:
            self._cited = True
            yield Delta("".join(f"[{mark.number}]" for mark in kept) + "\n")
        yield from (Cited(mark.number, mark.quote) for mark in kept)

    def _settle(self) -> Iterator[Item]:
        """A block of code is a claim too, cited by itself or by the sentence that leads to it."""
        code, self._code = self._code, ""
        if not code or self._cited:
            return
        self._draft.claims += 1
        found = self._supports.find_code(code)
        if found:
            yield Delta(f"[{found[0]}]\n")
            yield Cited(*found)
        else:
            self._draft.uncited.append(code.strip())

    def _sentence(self, unit: str, marks: list[_Mark]) -> Iterator[Item]:
        sentence = unit.strip()
        kept = self._kept(sentence, marks)
        if self._supports.claims(sentence):
            self._draft.claims += 1
            found = None if kept else self._supports.find(sentence)
            if found:
                kept = [_Mark(len(unit.rstrip().rstrip(".!?")), *found)]
            elif not kept:
                self._draft.uncited.append(inert(sentence, self._known))
        if sentence:
            self._cited = bool(kept)
        text, start = "", 0
        spans = list(code_spans(unit))
        for mark in kept:
            behind = next((end for begin, end in spans if begin < mark.position < end), mark.position)
            end = max(start, len(unit[:behind].rstrip()))  # close to the word that it follows
            text = _marked(_after(text, inert(unit[start:end], self._known)), mark.number)
            start = end
        yield Delta(_after(text, inert(unit[start:], self._known)))
        yield from (Cited(mark.number, mark.quote) for mark in kept)

    def _kept(self, sentence: str, marks: Sequence[_Mark]) -> list[_Mark]:
        """The citations that their passages support, each with its quote; a number once at one place."""
        quotes = [(mark, self._supports.quote(sentence, mark.number, mark.quote)) for mark in marks]
        kept = {(mark.position, mark.number): replace(mark, quote=quote) for mark, quote in quotes if quote}
        return list(kept.values())

    def _close(self) -> Iterator[Item]:
        if self._fence and not self._draft.text.endswith("\n"):
            yield Delta("\n")
        if self._fence:
            yield from self._code_line(f"{self._fence}\n", [])
        yield from self._settle()


def _marked(text: str, number: int) -> str:
    joint = "" if not text or re.search(r"(?<!\\)\[\d+\]$", text) else " "
    return f"{text}{joint}[{number}]"


def _after(text: str, more: str) -> str:
    """``more`` after a marker: a space keeps `[1](`, `[1][` and `[1]:` from becoming a link."""
    return f"{text} {more}" if text and more[:1] in {"(", "[", ":"} and more else text + more
