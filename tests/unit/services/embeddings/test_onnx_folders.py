"""Folders that hold a model as a finished ONNX file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from src.core.errors import ConfigurationError
from src.services.embeddings.embedder import OnnxEmbedder
from src.services.embeddings.layouts import read_folder
from src.services.embeddings.tokens import WordPieces
from tests.unit.services.embeddings.making import WORDS, write_model

TABLE = np.random.default_rng(5).normal(size=(len(WORDS), 16)).astype(np.float32)


def write_onnx(
    folder: Path,
    *,
    pooled: bool = False,
    pooling: str = "mean",
    inputs: Sequence[str] = ("input_ids", "attention_mask", "token_type_ids"),
) -> Path:
    """An ONNX file whose word piece vectors are the rows of TABLE, with or without mean pooling."""
    write_model(folder, pooling=pooling)
    (folder / "model.safetensors").unlink()
    nodes = [helper.make_node("Gather", ["table", "input_ids"], ["states"])]
    output, shape = "states", ["batch", "tokens", 16]
    if pooled:
        nodes.append(helper.make_node("ReduceMean", ["states"], ["pooled"], axes=[1], keepdims=0))
        output, shape = "pooled", ["batch", 16]
    graph = helper.make_graph(
        nodes,
        "table",
        [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"]) for name in inputs],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(TABLE, "table")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    (folder / "onnx").mkdir(exist_ok=True)
    onnx.save(model, str(folder / "onnx" / "model.onnx"))
    return folder


def opened(folder: Path, tmp_path: Path) -> OnnxEmbedder:
    return OnnxEmbedder(read_folder(folder), threads=1, precision="int8", cache_dir=tmp_path)


@pytest.mark.parametrize(("pooled", "pooling"), [(False, "mean"), (True, "mean"), (False, "cls")])
def test_its_outputs_are_pooled_where_they_need_it(tmp_path: Path, pooled: bool, pooling: str) -> None:
    folder = write_onnx(tmp_path / "model", pooled=pooled, pooling=pooling)
    embedder = opened(folder, tmp_path)
    rows = TABLE[WordPieces(folder / "tokenizer.json", 48).encode("abc jig")]
    expected = rows.mean(axis=0) if pooling == "mean" else rows[0]
    expected /= np.linalg.norm(expected)
    assert embedder.dimensions == 16
    assert np.abs(embedder.embed_query("abc jig") - expected).max() < 1e-6


def test_it_runs_as_it_is_whatever_the_precision(tmp_path: Path) -> None:
    version = opened(write_onnx(tmp_path / "model"), tmp_path).version
    assert version.startswith("model-onnx-")


def test_a_model_with_fewer_inputs_gets_only_these(tmp_path: Path) -> None:
    folder = write_onnx(tmp_path / "model", inputs=("input_ids",))
    assert opened(folder, tmp_path).embed_query("abc").shape == (16,)


def test_a_model_with_unknown_inputs_is_refused(tmp_path: Path) -> None:
    folder = write_onnx(tmp_path / "model", inputs=("input_ids", "pixel_values"))
    with pytest.raises(ConfigurationError, match="pixel_values"):
        opened(folder, tmp_path)


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    folder = write_onnx(tmp_path / "model")
    (folder / "onnx" / "model.onnx").write_bytes(b"nothing of the kind")
    with pytest.raises(ConfigurationError, match="cannot load"):
        opened(folder, tmp_path)
