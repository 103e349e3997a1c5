"""Fixtures of the embedding tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from src.services.embeddings.catalog import find_model
from src.services.embeddings.embedder import OnnxEmbedder


@pytest.fixture(scope="session")
def graphs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder in which each graph of the default model is made once."""
    return tmp_path_factory.mktemp("graphs")


@pytest.fixture(scope="session")
def minilm(graphs: Path) -> Iterator[OnnxEmbedder]:
    """The embedder as the product runs it."""
    embedder = OnnxEmbedder(find_model(), threads=2, precision="int8", cache_dir=graphs)
    yield embedder
    embedder.close()


@pytest.fixture(scope="session")
def exact(graphs: Path) -> Iterator[OnnxEmbedder]:
    """The same model in float32."""
    embedder = OnnxEmbedder(find_model(), threads=2, precision="float32", cache_dir=graphs)
    yield embedder
    embedder.close()
