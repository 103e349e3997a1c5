"""Graphs are made once, kept whole, and made again where they are damaged."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from src.core.errors import ConfigurationError
from src.services.embeddings.cache import GraphCache
from src.services.embeddings.catalog import find_model
from src.services.embeddings.embedder import OnnxEmbedder
from src.services.embeddings.graphs import GRAPH_FILE, WEIGHTS_FILE
from tests.unit.services.embeddings.making import write_model


class Maker:
    """Writes two small files, and counts how often."""

    def __init__(self, content: bytes = b"graph") -> None:
        self.content = content
        self.calls = 0

    def __call__(self, folder: Path) -> Path:
        self.calls += 1
        (folder / WEIGHTS_FILE).write_bytes(b"weights")
        (folder / GRAPH_FILE).write_bytes(self.content)
        return folder / GRAPH_FILE


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_second_start_finds_the_graph_of_the_first(tmp_path: Path) -> None:
    make, cache = Maker(), GraphCache(tmp_path / "models")
    assert cache.graph("v1", make) == cache.graph("v1", make) == tmp_path / "models" / "v1" / GRAPH_FILE
    assert make.calls == 1
    assert names(tmp_path / "models" / "v1") == ["manifest.json", GRAPH_FILE, WEIGHTS_FILE]


@pytest.mark.parametrize("file", [GRAPH_FILE, WEIGHTS_FILE, "manifest.json"])
@pytest.mark.parametrize("damage", [b"", b"other", None])
def test_a_damaged_graph_is_made_again(tmp_path: Path, file: str, damage: bytes | None) -> None:
    make, cache = Maker(), GraphCache(tmp_path)
    path = cache.graph("v1", make)
    if damage is None:
        (path.parent / file).unlink()
    else:
        (path.parent / file).write_bytes(damage)
    assert cache.graph("v1", make).read_bytes() == b"graph"
    assert make.calls == 2
    assert names(tmp_path) == ["v1"]


def test_two_processes_that_make_the_same_graph_end_with_one(tmp_path: Path) -> None:
    together = threading.Barrier(4)
    make = Maker()

    def slowly(folder: Path) -> Path:
        together.wait(10)
        return make(folder)

    with ThreadPoolExecutor(4) as pool:
        paths = set(pool.map(lambda _: GraphCache(tmp_path).graph("v1", slowly), range(4)))
    assert paths == {tmp_path / "v1" / GRAPH_FILE}
    assert make.calls == 4
    assert names(tmp_path) == ["v1"]


def test_a_failure_leaves_nothing_behind(tmp_path: Path) -> None:
    def fail(folder: Path) -> Path:
        (folder / WEIGHTS_FILE).write_bytes(b"half")
        raise ConfigurationError("no such model")

    with pytest.raises(ConfigurationError, match="no such model"):
        GraphCache(tmp_path).graph("v1", fail)
    assert names(tmp_path) == []


def test_what_a_killed_process_left_half_made_is_removed_in_time(tmp_path: Path) -> None:
    old, new, other = tmp_path / ".making-old", tmp_path / ".making-new", tmp_path / "hub"
    for folder in (old, new, other):
        folder.mkdir()
    hours_ago = time.time() - 7200
    for folder in (old, other):
        os.utime(folder, (hours_ago, hours_ago))
    GraphCache(tmp_path).graph("v1", Maker())
    assert names(tmp_path) == [".making-new", "hub", "v1"]


def test_a_folder_that_cannot_be_made_is_named_in_the_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigurationError, match="cannot be written below"):
        GraphCache(tmp_path / "file" / "models").graph("v1", Maker())


def test_a_graph_is_the_same_to_the_byte_each_time_it_is_made(tmp_path: Path) -> None:
    model = find_model(str(write_model(tmp_path / "model")))
    for place in ("one", "two"):
        OnnxEmbedder(model, threads=1, precision="int8", cache_dir=tmp_path / place).close()
    manifests = {path.read_text() for path in tmp_path.glob("*/*/manifest.json")}
    assert len(list(tmp_path.glob("*/*/manifest.json"))) == 2
    assert len(manifests) == 1
