"""The words of a text as the lexical index knows them: identifiers split, stems, stop words apart."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock

from .scripts import HAN, MARKS, UNSPACED, folding
from .stopwords import STOP_WORDS

_LONGEST = 64
_WORD = re.compile(
    rf"([Cc]\+\+|[CcFf]#|[\w{MARKS}]+)"  # a word or an identifier, and three languages' names
    r"(?:['’](?:s|t|re|ve|ll|d|m)(?!\w))?"  # an English ending after an apostrophe is left out
)
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\x00-\x7f]+")
_SCRIPT = re.compile(rf"([{UNSPACED}]+)")
_HAN = re.compile(rf"[{HAN}]")


@dataclass(frozen=True)
class Analysis:
    """The words of one text in order: ``content`` without stop words, and the stop words in ``common``."""

    content: list[str]
    common: list[str]


class Analyser:
    """Cuts text into words; documents and queries go through the same steps, so that they meet.

    - Compatibility forms (NFKC) and accents are folded, case is dropped.
    - An identifier gives its parts and itself without underscores: ``getUserName`` and
      ``get_user_name`` both give ``get user name getusername``.
    - Words are stemmed (Snowball, English). Numbers and single letters stay.
    - Chinese, Japanese, Korean, Thai and the like give overlapping pairs of characters, and each
      Chinese character on its own.

    Safe to share between threads.
    """

    version = "words-1"

    def __init__(self, cached_words: int = 100_000) -> None:
        import Stemmer

        self._stemmer = Stemmer.Stemmer("english", 0)
        self._stemming = Lock()  # the C stemmer keeps state during a call
        self._folding = folding()
        self._expand = lru_cache(cached_words)(self._words_of)

    def analyse(self, text: str) -> Analysis:
        """Split ``text`` into content words and stop words."""
        if not text.isascii():
            text = unicodedata.normalize("NFKC", text).translate(self._folding)
        content: list[str] = []
        common: list[str] = []
        expand = self._expand
        for word in _WORD.findall(text):
            words, stops = expand(word)
            content += words
            if stops:
                common += stops
        return Analysis(content, common)

    def _words_of(self, word: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        content: list[str] = []
        common: list[str] = []
        # re.split with a group: runs of the unspaced scripts stand at the odd places
        for place, piece in enumerate(_SCRIPT.split(word)):
            if place % 2:
                content += _pairs(piece)
            elif piece:
                parts = _parts(piece)
                for part in parts:
                    (common if part in STOP_WORDS else content).append(part)
                whole = piece.replace("_", "").casefold()[:_LONGEST]
                if whole and parts != [whole]:
                    content.append(whole)
        with self._stemming:
            return tuple(map(self._stemmer.stemWord, content)), tuple(common)


def _parts(piece: str) -> list[str]:
    """The parts of an identifier; only itself where splitting would shred a hash or a blob."""
    parts = [part.casefold() for part in _PART.findall(piece)]
    opaque = sum(part.isdigit() for part in parts) > 2 or len(piece) > _LONGEST
    if opaque and "_" not in piece:
        return []
    return [part[:_LONGEST] for part in parts]


def _pairs(run: str) -> list[str]:
    if len(run) == 1:
        return [run]
    pairs = [run[i : i + 2] for i in range(len(run) - 1)]
    return pairs + _HAN.findall(run)
