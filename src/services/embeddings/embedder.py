"""The Embedder of the product: sentence-transformers models on onnxruntime, without torch."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path

import numpy as np

from src.core.errors import ConfigurationError
from src.core.ports import Vectors

from .cache import GraphCache
from .models import ModelFiles
from .recipes import Precision, make_graph, recipe
from .sessions import Encoder, FusedEncoder, OnnxEncoder
from .tokens import WordPieces

_CACHED_QUERIES = 512


class OnnxEmbedder:
    """Embeds texts one by one, ``threads`` of them side by side; queries in the caller's own thread.

    The graph is made from the weights at the first start, in seconds, and kept below ``cache_dir``.
    A text longer than ``max_tokens`` word pieces is cut; a text with none, also the empty one, has the
    vector of the two special tokens. Same version, same machine, same text: the same bits, whatever else
    is embedded at the time. Threads may share one. Raises ConfigurationError from the constructor.
    """

    def __init__(
        self,
        model: ModelFiles,
        *,
        threads: int,
        precision: str,
        cache_dir: Path,
        max_tokens: int = 256,
    ) -> None:
        chosen = Precision.of(precision)
        longest = min(max_tokens, model.max_tokens)
        self._version = model.version(recipe(model, chosen), longest)
        tokens = WordPieces(model.tokenizer, longest)
        self._encoder = _encoder(model, chosen, tokens, GraphCache(cache_dir), self._version)
        self._model = model
        self._tokens = tokens
        self._dimensions = len(self._checked(model.passage_prompt))
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="embed")
        self._query = lru_cache(_CACHED_QUERIES)(self._embed)

    @property
    def version(self) -> str:
        return self._version

    @property
    def dimensions(self) -> int:
        return self._dimensions

    @property
    def max_tokens(self) -> int:
        return self._tokens.max_tokens

    @property
    def tokenizer_path(self) -> Path:
        """The ``tokenizer.json`` whose word pieces ``max_tokens`` counts."""
        return self._model.tokenizer

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        vectors = np.empty((len(texts), self._dimensions), np.float32)
        prompt = self._model.passage_prompt
        results = self._pool.map(lambda text: self._embed(prompt + text), texts)
        for row, vector in enumerate(results):
            vectors[row] = vector
        return vectors

    def embed_query(self, text: str) -> Vectors:
        prompted = self._model.query_prompt + text
        return self._query(prompted[: self._tokens.max_characters]).copy()

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Word pieces of each text, special tokens included, without cutting."""
        return [self._tokens.count(text) for text in texts]

    def close(self) -> None:
        """End the threads; calls under way finish first."""
        self._pool.shutdown()

    def _embed(self, text: str) -> Vectors:
        return self._encoder.encode(self._tokens.encode(text))

    def _checked(self, text: str) -> Vectors:
        vector = self._embed(text)
        if vector.ndim != 1 or not np.isfinite(vector).all():
            raise ConfigurationError(
                f"The embedding model {self._model.weights} does not give one finite vector for a text."
            )
        return vector


def _encoder(
    model: ModelFiles, precision: Precision, tokens: WordPieces, cache: GraphCache, version: str
) -> Encoder:
    if model.is_onnx:
        model.check_weights()
        return OnnxEncoder(model.weights, model.pooling)
    graph = cache.graph(version, lambda folder: make_graph(model, precision, tokens, folder))
    return FusedEncoder(graph)
