"""How many word pieces a text has for the embedding model."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from pathlib import Path

TokenCounter = Callable[[Sequence[str]], list[int]]
"""Word pieces of each text, special tokens not included, nothing cut."""

SPECIAL_TOKENS = 2
"""What a model puts around every text."""

_BATCH = 2000
_WORD = re.compile(r"[^\W_]+|[^\w\s]|_")


class Tokenizer:
    """Counts with the model's own tokenizer, read from ``tokenizer.json``."""

    def __init__(self, path: Path) -> None:
        from tokenizers import Tokenizer as Pieces

        self._pieces = Pieces.from_file(str(path))
        # A stored tokenizer may have both switched on, and would then count 128 for every text.
        self._pieces.no_truncation()
        self._pieces.no_padding()

    def __call__(self, texts: Sequence[str]) -> list[int]:
        counts: list[int] = []
        for start in range(0, len(texts), _BATCH):  # an encoding is many times as large as its text
            batch = list(texts[start : start + _BATCH])
            encodings = self._pieces.encode_batch_fast(batch, add_special_tokens=False)
            counts += [len(encoding) for encoding in encodings]
        return counts


class Estimate:
    """Counts without a tokenizer: a word piece for every four letters or mark; rather too many."""

    def __call__(self, texts: Sequence[str]) -> list[int]:
        return [sum((len(word) + 3) // 4 for word in _WORD.findall(text)) for text in texts]


def token_counter(tokenizer: Path | None) -> TokenCounter:
    return Estimate() if tokenizer is None else Tokenizer(tokenizer)


def fingerprint(tokenizer: Path | None) -> str:
    """Names the way of counting; another one cuts passages elsewhere."""
    if tokenizer is None:
        return "estimate"
    return hashlib.sha256(tokenizer.read_bytes()).hexdigest()[:12]
