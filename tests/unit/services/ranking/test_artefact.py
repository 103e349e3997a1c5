"""A ranker's file: what comes back, and what is refused."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from src.services.ranking.adapter import QueryAdapter
from src.services.ranking.artefact import ArtefactError, load, save
from src.services.ranking.linear import RankWeights
from src.services.ranking.memory import MemorySettings
from src.services.ranking.ranker import ADAPTED, FusionWeights, Ranker

SPACE = "minilm-1"


@pytest.fixture
def ranker() -> Ranker:
    weights = RankWeights(
        ("length", ADAPTED), np.array([2.0, 0.0]), np.array([1.5, 0.1]), np.array([0.1, 0.3])
    )
    residual = np.arange(9, dtype=np.float32).reshape(3, 3) / 10
    return Ranker(FusionWeights(0.3, 0.2), MemorySettings(0.7), weights, QueryAdapter(residual))


def opened(content: bytes, **how) -> Ranker:
    return load(content, **{"embedding_version": SPACE, "dimensions": 3, **how})


def changed(content: bytes, **arrays: np.ndarray) -> bytes:
    with np.load(io.BytesIO(content)) as file:
        every = {name: file[name] for name in file.files} | arrays
    out = io.BytesIO()
    np.savez(out, **every)
    return out.getvalue()


def test_a_ranker_comes_back_whole(ranker: Ranker) -> None:
    artefact = save(ranker, embedding_version=SPACE)
    back = opened(artefact.content, sha256=artefact.sha256)
    assert back.fusion == ranker.fusion
    assert back.memory == ranker.memory
    assert back.weights.names == ranker.weights.names
    for name in ("centre", "spread", "weights"):
        assert (getattr(back.weights, name) == getattr(ranker.weights, name)).all()
    assert (back.adapter.residual == ranker.adapter.residual).all()


def test_a_ranker_with_nothing_learned_comes_back_too() -> None:
    assert opened(save(Ranker(), embedding_version=SPACE).content) == Ranker()


def test_equal_rankers_have_equal_files(ranker: Ranker) -> None:
    assert save(ranker, embedding_version=SPACE) == save(replace(ranker), embedding_version=SPACE)


def test_every_cut_and_every_changed_digest_is_noticed(ranker: Ranker) -> None:
    artefact = save(ranker, embedding_version=SPACE)
    for end in range(0, len(artefact.content), 97):
        with pytest.raises(ArtefactError):
            opened(artefact.content[:end])
    with pytest.raises(ArtefactError, match="SHA-256"):
        opened(artefact.content + b"\0", sha256=artefact.sha256)


def test_a_flipped_byte_is_noticed_or_changes_nothing(ranker: Ranker) -> None:
    content = save(ranker, embedding_version=SPACE).content
    for place in range(0, len(content), 31):
        damaged = bytearray(content)
        damaged[place] ^= 0x55
        try:
            back = opened(bytes(damaged))
        except ArtefactError:
            continue
        assert (back.weights.weights == ranker.weights.weights).all()
        assert (back.adapter.residual == ranker.adapter.residual).all()


@pytest.mark.parametrize(
    "arrays",
    [
        {"weights": np.full((3, 2), np.nan)},
        {"weights": np.zeros((3, 2))},  # spreads of zero
        {"weights": np.ones((3, 5))},
        {"residual": np.full((3, 3), np.inf, np.float32)},
        {"residual": np.zeros((4, 4), np.float32)},
        {"residual": np.zeros((3, 3))},
        {"header": np.frombuffer(b"{}", np.uint8)},
        {"header": np.frombuffer(b"\xff{", np.uint8)},
        {"header": np.frombuffer(b'{"format": 9}', np.uint8)},
    ],
)
def test_numbers_that_cannot_be_right_are_refused(ranker: Ranker, arrays: dict) -> None:
    with pytest.raises(ArtefactError):
        opened(changed(save(ranker, embedding_version=SPACE).content, **arrays))


def test_an_adapter_without_its_weight_is_refused(ranker: Ranker) -> None:
    bare = save(Ranker(), embedding_version=SPACE).content
    with pytest.raises(ArtefactError, match="adapter"):
        opened(changed(bare, residual=np.zeros((3, 3), np.float32)))


def test_another_vector_space_is_refused(ranker: Ranker) -> None:
    content = save(ranker, embedding_version=SPACE).content
    with pytest.raises(ArtefactError, match="minilm-2"):
        opened(content, embedding_version="minilm-2")


def test_nothing_is_executed_by_reading(ranker: Ranker, tmp_path) -> None:
    class Trap:
        def __reduce__(self):
            return (tmp_path.joinpath("sprung").touch, ())

    trapped = changed(save(ranker, embedding_version=SPACE).content, weights=np.array([Trap()], object))
    with pytest.raises(ArtefactError):
        opened(trapped)
    assert not (tmp_path / "sprung").exists()


def test_a_zip_of_something_else_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(ArtefactError):
        opened(out.getvalue())
