"""Passages, words and vectors for tests of the answer agent."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from src.core.messages.questions import Hit, Scores
from src.core.passages import Location, PassageKind
from src.core.ports import ChatPassage, Vectors
from src.services.text.analyser import Analyser

_ANALYSER = Analyser()


def words(text: str) -> Sequence[str]:
    return _ANALYSER.analyse(text).content


class WordEmbedder:
    """A vector space made of words alone: texts are near where they share words. Real, but simple."""

    version = "words"
    dimensions = 512
    max_tokens = 256

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        rows = np.zeros((len(texts), self.dimensions), np.float32)
        for row, text in enumerate(texts):
            for word in words(text):
                rows[row, zlib.crc32(word.encode()) % self.dimensions] += 1
            rows[row] /= max(1.0, float(np.linalg.norm(rows[row])))
        return rows

    def embed_query(self, text: str) -> Vectors:
        return self.embed_passages([text])[0]


def hit(rank: int, text: str, *, dense: float = 0.7, **fields: Any) -> Hit:
    """A hit of prose unless told otherwise."""
    given: dict[str, Any] = {
        "passage_id": f"p{rank}",
        "document_id": f"d{rank}",
        "collection_id": "c1",
        "external_id": f"file{rank}.md",
        "title": f"Title {rank}",
        "uri": None,
        "kind": PassageKind.SECTION,
        "symbol": None,
        "context": "",
        "location": Location(path=f"file{rank}.md"),
        "score": 1.0 / rank,
        "scores": Scores(dense=dense, fused=1.0 / rank),
        **fields,
    }
    return Hit(rank=rank, text=text, **given)


def passages(*texts: str) -> list[ChatPassage]:
    return [ChatPassage(number, "", "", text) for number, text in enumerate(texts, 1)]
