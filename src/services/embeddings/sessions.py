"""onnxruntime sessions for one text at a time, and the two kinds of model that run in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from src.core.errors import ConfigurationError

from .bert import INPUT
from .models import Pooling

Vector = NDArray[np.float32]


class Encoder(Protocol):
    """Turns the word pieces of one text into its unit vector. Any number of threads may call it."""

    def encode(self, tokens: list[int]) -> Vector: ...


def open_session(path: Path, *, fused: bool) -> Any:
    """Open a model to be run by the calling thread alone.

    One thread in a session and several texts side by side give more texts a second, for less processor
    time, than several threads for one text; there is then no thread pool that spins or makes a query wait
    behind a batch. ``fused`` says that the graph is already in the form that runs fastest.
    """
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    # Every length is a shape of its own, and a plan would be kept for each.
    options.enable_mem_pattern = False
    options.log_severity_level = 3
    levels = ort.GraphOptimizationLevel
    options.graph_optimization_level = levels.ORT_ENABLE_BASIC if fused else levels.ORT_ENABLE_ALL
    try:
        return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise ConfigurationError(f"onnxruntime cannot load the model {path}: {error}") from error


class FusedEncoder:
    """A graph of our own, pooling and normalisation inside."""

    def __init__(self, path: Path) -> None:
        self._session = open_session(path, fused=True)

    def encode(self, tokens: list[int]) -> Vector:
        vector: Vector = self._session.run(None, {INPUT: np.array(tokens, np.int64)})[0]
        return vector


class OnnxEncoder:
    """Somebody else's ONNX file with the usual BERT inputs.

    Its first output is either one vector for each text, shape (1, hidden), or one for each word piece,
    shape (1, n, hidden), which is then pooled here. Raises ConfigurationError for other inputs.
    """

    _KNOWN = frozenset({"input_ids", "attention_mask", "token_type_ids"})

    def __init__(self, path: Path, pooling: Pooling) -> None:
        self._session = open_session(path, fused=False)
        self._pooling = pooling
        self._inputs = {each.name for each in self._session.get_inputs()}
        unknown = sorted(self._inputs - self._KNOWN)
        if unknown:
            raise ConfigurationError(
                f"The ONNX model {path} wants inputs that Stoa does not know: {', '.join(unknown)}."
            )

    def encode(self, tokens: list[int]) -> Vector:
        ids = np.array([tokens], np.int64)
        given = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        output = self._session.run(None, {name: given[name] for name in self._inputs})[0][0]
        if output.ndim == 2:
            output = output.mean(axis=0) if self._pooling is Pooling.MEAN else output[0]
        output = output.astype(np.float32)
        vector: Vector = output / np.linalg.norm(output)
        return vector
