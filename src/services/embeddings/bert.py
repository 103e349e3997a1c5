"""The BERT encoder as an ONNX graph, written from the tensors of a safetensors file.

The graph takes the word pieces of one text, ``token_ids`` (n,), and returns its unit vector, ``embedding``
(hidden,). One text at a time needs neither padding nor mask, and a text's vector then never depends on the
texts it is embedded with, which a dynamically quantised batch would make it do.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from src.core.errors import ConfigurationError

from .graphs import GraphWriter
from .models import Pooling
from .quantization import Dense, Floats, Layer

INPUT = "token_ids"
OUTPUT = "embedding"


@dataclass(frozen=True)
class BertShape:
    """The numbers of a BERT ``config.json`` that its graph depends on."""

    layers: int
    heads: int
    hidden: int
    epsilon: float

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> BertShape:
        """Raises ConfigurationError for a kind of BERT whose graph is not known here."""
        known = {
            "model_type": "bert",
            "hidden_act": "gelu",
            "position_embedding_type": "absolute",
        }
        for key, value in known.items():
            if config.get(key, value) != value:
                raise ConfigurationError(
                    f"The embedding model has {key} {config[key]!r}; Stoa makes graphs for {value!r} only. "
                    "Use a folder that holds the model as an ONNX file."
                )
        try:
            return cls(
                layers=config["num_hidden_layers"],
                heads=config["num_attention_heads"],
                hidden=config["hidden_size"],
                epsilon=config.get("layer_norm_eps", 1e-12),
            )
        except KeyError as error:
            raise ConfigurationError(f"The embedding model's config.json has no {error}.") from error


class BertWeights:
    """The tensors of a safetensors file in float32, each read when it is asked for."""

    def __init__(self, path: Path) -> None:
        from safetensors import SafetensorError, safe_open

        opened: Any = safe_open
        try:
            self._file = opened(path, framework="numpy")
        except (SafetensorError, OSError) as error:
            raise ConfigurationError(f"The model weights {path} cannot be read: {error}") from error
        self._path = path
        self._names = {name.removeprefix("bert."): name for name in self._file.keys()}  # noqa: SIM118

    def __getitem__(self, name: str) -> Floats:
        try:
            tensor: NDArray[Any] = self._file.get_tensor(self._names[name])
        except KeyError:
            raise ConfigurationError(
                f"The model weights {self._path} hold no tensor {name!r}: "
                "they are not those of a BERT encoder."
            ) from None
        return tensor.astype(np.float32, copy=False)

    def projection(self, *names: str) -> tuple[Floats, Floats]:
        """Weights (inputs, outputs) and bias of linear layers put side by side."""
        weights = np.concatenate([self[f"{name}.weight"].T for name in names], axis=1)
        return weights, np.concatenate([self[f"{name}.bias"] for name in names])


class BertGraph:
    """Writes one encoder. ``dense`` decides how the matrix products are computed."""

    def __init__(
        self,
        weights: BertWeights,
        shape: BertShape,
        *,
        pooling: Pooling,
        dense: Dense,
        writer: GraphWriter,
        half_embeddings: bool,
    ) -> None:
        self._weights = weights
        self._shape = shape
        self._pooling = pooling
        self._dense = dense
        self._writer = writer
        self._half_embeddings = half_embeddings

    def write(self) -> str:
        """Write all layers, the pooling and the normalisation; return the name of the embedding."""
        x = self._embeddings()
        for layer in range(self._shape.layers):
            x = self._layer(x, f"encoder.layer.{layer}")
        if self._pooling is Pooling.MEAN:
            x = self._writer.node("ReduceMean", [x], "pooled", axes=[0], keepdims=0)
        else:
            first = self._writer.tensor("first", np.array(0, np.int64))
            x = self._writer.node("Gather", [x, first], "pooled", axis=0)
        return self._writer.node("LpNormalization", [x], OUTPUT, axis=-1, p=2)

    def _embeddings(self) -> str:
        writer, weights = self._writer, self._weights
        table = weights["embeddings.word_embeddings.weight"]
        if self._half_embeddings:
            rows = writer.tensor("words", table.astype(np.float16))
            words = writer.cast_to_float(writer.node("Gather", [rows, INPUT], "words.half"), "words.float")
        else:
            words = writer.node("Gather", [writer.tensor("words", table), INPUT], "words.float")
        places = weights["embeddings.position_embeddings.weight"]
        places = places + weights["embeddings.token_type_embeddings.weight"][0]
        length = writer.node("Shape", [INPUT], "length")
        start = writer.tensor("start", np.zeros(1, np.int64))
        used = writer.node("Slice", [writer.tensor("places", places), start, length], "places.used")
        return self._norm(words, used, "embeddings.LayerNorm")

    def _layer(self, x: str, layer: str) -> str:
        x = self._norm(self._attention(x, layer), x, f"{layer}.attention.output.LayerNorm")
        return self._norm(self._feed_forward(x, layer), x, f"{layer}.output.LayerNorm")

    def _attention(self, x: str, layer: str) -> str:
        writer, shape = self._writer, self._shape
        names = [f"{layer}.attention.self.{part}" for part in ("query", "key", "value")]
        weights, bias = self._weights.projection(*names)
        joined = self._dense.apply(writer, x, Layer(f"{layer}.attention", weights, bias))
        batch = writer.tensor("batch", np.zeros(1, np.int64))
        joined = writer.node("Unsqueeze", [joined, batch], f"{layer}.attention.joined")
        writer.split(joined, writer.tensor("thirds", np.full(3, shape.hidden, np.int64)), names)
        mixed = writer.fused(
            "MultiHeadAttention",
            names,
            f"{layer}.attention.mixed",
            num_heads=shape.heads,
            scale=1 / math.sqrt(shape.hidden // shape.heads),
        )
        mixed = writer.node("Squeeze", [mixed, batch], f"{layer}.attention.context")
        weights, bias = self._weights.projection(f"{layer}.attention.output.dense")
        return self._dense.apply(writer, mixed, Layer(f"{layer}.attention.output", weights, bias))

    def _feed_forward(self, x: str, layer: str) -> str:
        inner, inner_bias = self._weights.projection(f"{layer}.intermediate.dense")
        outer, outer_bias = self._weights.projection(f"{layer}.output.dense")
        copies = self._dense.copies(f"{layer}.output", len(outer))
        wide = np.repeat(np.arange(len(outer)), copies)
        x = self._dense.apply(self._writer, x, Layer(f"{layer}.inner", inner[:, wide], inner_bias[wide]))
        x = self._writer.fused("Gelu", [x], f"{layer}.activation")
        last = Layer(f"{layer}.output", outer[wide], outer_bias, copies=copies[wide])
        return self._dense.apply(self._writer, x, last)

    def _norm(self, x: str, residual: str, name: str) -> str:
        # Two operators on purpose: onnxruntime's fused SkipLayerNormalization took five times as long.
        writer = self._writer
        scale = writer.tensor(f"{name}.scale", self._weights[f"{name}.weight"])
        shift = writer.tensor(f"{name}.shift", self._weights[f"{name}.bias"])
        total = writer.node("Add", [x, residual], f"{name}.sum")
        return writer.node(
            "LayerNormalization", [total, scale, shift], name, axis=-1, epsilon=self._shape.epsilon
        )
