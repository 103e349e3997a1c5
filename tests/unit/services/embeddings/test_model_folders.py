"""What a model's folder says of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from src.core.errors import ConfigurationError
from src.services.embeddings.catalog import find_model
from src.services.embeddings.embedder import OnnxEmbedder
from src.services.embeddings.layouts import read_folder
from src.services.embeddings.models import Pooling
from tests.unit.services.embeddings.making import write_json, write_model, write_modules


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_model(tmp_path / "Our Model v2")


def test_a_folder_tells_its_pooling_length_and_label(folder: Path) -> None:
    files = read_folder(folder)
    assert (files.pooling, files.max_tokens, files.label) == (Pooling.MEAN, 48, "our-model-v2")
    assert files.weights == folder / "model.safetensors"


@pytest.mark.parametrize("mode", ["mean", "cls"])
def test_the_newer_way_of_naming_a_pooling_is_read_too(folder: Path, mode: str) -> None:
    write_json(folder / "1_Pooling" / "config.json", {"embedding_dimension": 32, "pooling_mode": mode})
    assert read_folder(folder).pooling == mode


@pytest.mark.parametrize(
    "settings",
    [
        {"pooling_mode_max_tokens": True},
        {"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": True},
        {"pooling_mode_mean_tokens": True, "pooling_mode_weightedmean_tokens": True},
        {"pooling_mode": "lasttoken"},
        {"pooling_mode_mean_tokens": False},
    ],
)
def test_another_pooling_is_refused(folder: Path, settings: dict[str, object]) -> None:
    write_json(folder / "1_Pooling" / "config.json", settings)
    with pytest.raises(ConfigurationError, match="pools by"):
        read_folder(folder)


def test_a_model_with_a_further_layer_is_refused(folder: Path) -> None:
    write_modules(folder, "Transformer", "Pooling", "Dense")
    with pytest.raises(ConfigurationError, match="Dense"):
        read_folder(folder)


def test_a_folder_without_a_list_of_modules_means_mean_pooling(folder: Path) -> None:
    (folder / "modules.json").unlink()
    assert read_folder(folder).pooling is Pooling.MEAN


@pytest.mark.parametrize("file", ["tokenizer.json", "model.safetensors", "config.json"])
def test_a_folder_that_lacks_a_part_is_refused(folder: Path, file: str) -> None:
    (folder / file).unlink()
    with pytest.raises(ConfigurationError, match="has n"):
        read_folder(folder)


@pytest.mark.parametrize("file", ["config.json", "modules.json", "sentence_bert_config.json"])
@pytest.mark.parametrize("content", ["", "{", "[1]", '"text"'])
def test_a_broken_description_is_refused(folder: Path, file: str, content: str) -> None:
    (folder / file).write_text(content)
    with pytest.raises(ConfigurationError, match=file):
        read_folder(folder)


def test_prompts_are_put_before_queries_and_passages(folder: Path, tmp_path: Path) -> None:
    plain = OnnxEmbedder(read_folder(folder), threads=1, precision="float32", cache_dir=tmp_path)
    write_json(
        folder / "config_sentence_transformers.json", {"prompts": {"query": "ab: ", "document": "cd: "}}
    )
    prompted = OnnxEmbedder(read_folder(folder), threads=1, precision="float32", cache_dir=tmp_path)
    assert prompted.version != plain.version
    assert (prompted.embed_query("jig") == plain.embed_query("ab: jig")).all()
    assert (prompted.embed_passages(["jig"])[0] == plain.embed_query("cd: jig")).all()


def test_a_model_is_not_asked_for_more_tokens_than_it_was_made_for(folder: Path, tmp_path: Path) -> None:
    embedder = OnnxEmbedder(read_folder(folder), threads=1, precision="float32", cache_dir=tmp_path)
    assert embedder.max_tokens == 48
    assert np.isfinite(embedder.embed_query("abc " * 500)).all()


def test_models_of_other_weights_have_other_versions(tmp_path: Path) -> None:
    versions = set()
    for seed, pooling in ((0, "mean"), (1, "mean"), (0, "cls")):
        folder = write_model(tmp_path / f"{seed}{pooling}" / "model", seed=seed, pooling=pooling)
        model = find_model(str(folder))
        versions.add(OnnxEmbedder(model, threads=1, precision="int8", cache_dir=tmp_path).version)
    assert len(versions) == 3


def test_an_unknown_precision_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="int8, float32"):
        OnnxEmbedder(read_folder(folder), threads=1, precision="int4", cache_dir=tmp_path)
