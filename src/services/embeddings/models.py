"""Which embedding model: what it says of itself, its files, and what they must be."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from src.core.errors import ConfigurationError
from src.core.ports import Embedder


class EmbeddingModel(Embedder, Protocol):
    """An embedder that can be configured: it also says how documents are cut for it."""

    @property
    def tokenizer_path(self) -> Path | None:
        """The ``tokenizer.json`` whose word pieces ``max_tokens`` counts; None has them estimated."""


class Pooling(StrEnum):
    """How the vectors of a text's word pieces become one."""

    MEAN = "mean"
    CLS = "cls"


@dataclass(frozen=True)
class ModelFiles:
    """The files of one embedding model and what its authors say of them.

    ``weights`` is a safetensors file of a BERT encoder, whose ``config`` is then that of its
    ``config.json``, or a finished ONNX file. ``max_tokens`` is the longest text the model was made for.
    The prompts are put before every query or passage. The digests are those the files must have; None
    accepts the files as they are.
    """

    name: str
    weights: Path
    tokenizer: Path
    pooling: Pooling
    max_tokens: int
    config: Mapping[str, Any] = field(default_factory=dict)
    query_prompt: str = ""
    passage_prompt: str = ""
    weights_sha256: str | None = None
    tokenizer_sha256: str | None = None

    @property
    def is_onnx(self) -> bool:
        return self.weights.suffix == ".onnx"

    @property
    def label(self) -> str:
        """The name as part of a version: lower case, digits, dashes."""
        return re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")[:40].strip("-") or "model"

    def weights_digest(self) -> str:
        """The SHA-256 of the weights; a pinned one is taken on trust until ``check_weights``."""
        return self.weights_sha256 or digest(self.weights)

    def check_weights(self) -> None:
        """Raise ConfigurationError where the weights are not the pinned ones."""
        _check(self.weights, self.weights_sha256)

    def check_tokenizer(self) -> str:
        """The tokenizer's SHA-256; raises ConfigurationError where it is not the pinned one."""
        return _check(self.tokenizer, self.tokenizer_sha256)

    def version(self, recipe: str, max_tokens: int) -> str:
        """Names the vector space: equal names promise vectors that may be compared."""
        parts = [
            self.weights_digest(),
            self.check_tokenizer(),
            recipe,
            self.pooling,
            max_tokens,
            self.query_prompt,
            self.passage_prompt,
            {key: self.config[key] for key in sorted(self.config) if key in _SHAPE_KEYS},
        ]
        summary = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
        return f"{self.label}-{recipe}-{summary[:8]}"


_SHAPE_KEYS = frozenset({"num_attention_heads", "num_hidden_layers", "layer_norm_eps", "hidden_act"})


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hex; raises ConfigurationError where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ConfigurationError(f"The model file {path} cannot be read: {error.strerror}.") from error


def _check(path: Path, expected: str | None) -> str:
    found = digest(path)
    if expected is not None and found != expected:
        raise ConfigurationError(
            f"The model file {path} is not the one that Stoa was tested with: its SHA-256 is {found}, "
            f"expected {expected}. Install the model again (make install), or, if you mean to use this "
            "file, copy its folder elsewhere and name that folder as the embedding model."
        )
    return found
