"""How a model's files become a graph, for each precision."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from src.core.errors import ConfigurationError

from .bert import INPUT, BertGraph, BertShape, BertWeights
from .calibration import SAMPLES, measure_peaks
from .graphs import GraphWriter
from .models import ModelFiles
from .quantization import Dense, FloatDense, Int8Dense
from .tokens import WordPieces

# Goes into the version of every vector: to be raised whenever a graph's numbers may change.
_EDITION = 2


class Precision(StrEnum):
    """In what numbers the matrix products of the encoder are computed."""

    INT8 = "int8"
    FLOAT32 = "float32"

    @classmethod
    def of(cls, name: str) -> Precision:
        try:
            return cls(name)
        except ValueError:
            raise ConfigurationError(
                f"The precision {name!r} of the embeddings is not known; it is one of {', '.join(cls)}."
            ) from None


def recipe(files: ModelFiles, precision: Precision) -> str:
    """The name of how vectors are made, as part of their version. An ONNX file runs as it is."""
    return "onnx" if files.is_onnx else f"{precision}-r{_EDITION}"


def make_graph(files: ModelFiles, precision: Precision, tokens: WordPieces, folder: Path) -> Path:
    """Write the graph of ``files`` into ``folder`` and return its path.

    Takes a second or two, and about as much memory as the weights have. Raises ConfigurationError where
    the weights are not the pinned ones or not those of a BERT encoder.
    """
    files.check_weights()
    if precision is Precision.FLOAT32:
        return _write(files, FloatDense(), folder, exact=True)
    rehearsal = folder / "float"
    rehearsal.mkdir()
    dense = FloatDense()
    graph = _write(files, dense, rehearsal, exact=True, also=dense)
    peaks = measure_peaks(graph, dense.inputs, map(tokens.encode, SAMPLES))
    for file in rehearsal.iterdir():
        file.unlink()
    rehearsal.rmdir()
    return _write(files, Int8Dense(peaks), folder, exact=False)


def _write(
    files: ModelFiles, dense: Dense, folder: Path, *, exact: bool, also: FloatDense | None = None
) -> Path:
    with GraphWriter(folder) as writer:
        graph = BertGraph(
            BertWeights(files.weights),
            BertShape.of(files.config),
            pooling=files.pooling,
            dense=dense,
            writer=writer,
            half_embeddings=not exact,
        )
        outputs = [graph.write()]
        if also is not None:
            outputs += dict.fromkeys(also.inputs.values())
        return writer.save(files.label, {INPUT: ["tokens"]}, outputs)
