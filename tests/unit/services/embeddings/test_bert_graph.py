"""Graphs of models, held against the same encoder in plain numpy."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from src.core.errors import ConfigurationError
from src.services.embeddings.catalog import find_model
from src.services.embeddings.embedder import OnnxEmbedder
from src.services.embeddings.tokens import WordPieces
from tests.unit.services.embeddings.making import reference, write_json, write_model

TEXTS = ["", "a", "abc def", "jihgfedcba abcdefghij " * 6]


def embedder(folder: Path, cache: Path, precision: str = "float32") -> OnnxEmbedder:
    return OnnxEmbedder(find_model(str(folder)), threads=1, precision=precision, cache_dir=cache)


def expected(folder: Path, pooling: str = "mean") -> np.ndarray:
    pieces = WordPieces(folder / "tokenizer.json", 48)
    return np.array([reference(folder, pieces.encode(text), pooling=pooling) for text in TEXTS])


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_the_float_graph_computes_the_encoder_of_the_paper(tmp_path: Path, pooling: str) -> None:
    folder = write_model(tmp_path / "model", pooling=pooling)
    vectors = embedder(folder, tmp_path).embed_passages(TEXTS)
    assert np.abs(vectors - expected(folder, pooling)).max() < 1e-5


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_the_int8_graph_stays_close_to_it(tmp_path: Path, pooling: str) -> None:
    folder = write_model(tmp_path / "model", pooling=pooling)
    vectors = embedder(folder, tmp_path, "int8").embed_passages(TEXTS)
    assert ((vectors * expected(folder, pooling)).sum(axis=1) > 0.998).all()


def test_the_float_graph_of_the_default_model_computes_the_encoder_of_the_paper(exact: OnnxEmbedder) -> None:
    text = "How are identifiers like getUserName split into words?"
    tokens = WordPieces(exact.tokenizer_path, 256).encode(text)
    vector = reference(exact.tokenizer_path.parent, tokens)
    assert np.abs(exact.embed_query(text) - vector).max() < 1e-5


def test_tensors_may_be_named_as_part_of_a_larger_model_and_stored_in_half(tmp_path: Path) -> None:
    plain = write_model(tmp_path / "plain")
    prefixed = write_model(tmp_path / "prefixed", prefix="bert.")
    file = prefixed / "model.safetensors"
    save_file({name: value.astype(np.float16) for name, value in load_file(file).items()}, file)
    vectors = embedder(prefixed, tmp_path).embed_passages(TEXTS)
    assert np.abs(vectors - expected(plain)).max() < 1e-2


def test_weights_that_lack_a_tensor_are_refused_by_its_name(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "model")
    tensors = load_file(folder / "model.safetensors")
    del tensors["encoder.layer.1.output.dense.bias"]
    save_file(tensors, folder / "model.safetensors")
    with pytest.raises(ConfigurationError, match=r"encoder\.layer\.1\.output\.dense\.bias"):
        embedder(folder, tmp_path)


def test_weights_that_are_no_safetensors_file_are_refused(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "model")
    (folder / "model.safetensors").write_bytes(b"not a model")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        embedder(folder, tmp_path)


@pytest.mark.parametrize(
    ("key", "value"), [("hidden_act", "relu"), ("position_embedding_type", "relative_key")]
)
def test_an_encoder_whose_graph_is_not_known_is_refused(tmp_path: Path, key: str, value: str) -> None:
    folder = write_model(tmp_path / "model")
    config = json.loads((folder / "config.json").read_text())
    write_json(folder / "config.json", config | {key: value})
    with pytest.raises(ConfigurationError, match=f"{key} '{value}'"):
        embedder(folder, tmp_path)


def test_a_configuration_without_a_number_of_layers_is_refused(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "model")
    config = json.loads((folder / "config.json").read_text())
    del config["num_hidden_layers"]
    write_json(folder / "config.json", config)
    with pytest.raises(ConfigurationError, match="num_hidden_layers"):
        embedder(folder, tmp_path)
