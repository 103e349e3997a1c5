"""A ranker as one file: numpy arrays and a JSON header, nothing that is executed when it is read."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from src.core.errors import AppError

from .adapter import QueryAdapter
from .linear import RankWeights
from .memory import MemorySettings
from .ranker import FusionWeights, Ranker

FORMAT = 1
_LARGEST = 64_000_000
_UNREADABLE = (
    KeyError,
    TypeError,
    ValueError,
    OSError,
    EOFError,
    RuntimeError,  # also what zipfile knows but does not do, such as encryption
    zipfile.BadZipFile,
    zlib.error,
)


class ArtefactError(AppError):
    """A stored ranker cannot be used."""

    code = "artefact_damaged"
    status = 500
    title = "A stored ranker is damaged"


@dataclass(frozen=True)
class Artefact:
    """The bytes of a ranker and their SHA-256. Equal rankers give equal bytes."""

    content: bytes
    sha256: str


def save(ranker: Ranker, *, embedding_version: str) -> Artefact:
    """``embedding_version`` names the vector space that an adapter and a memory belong to."""
    header: dict[str, Any] = {
        "format": FORMAT,
        "embedding_version": embedding_version,
        "fusion": asdict(ranker.fusion),
        "memory": asdict(ranker.memory) if ranker.memory else None,
        "names": list(ranker.weights.names) if ranker.weights else None,
    }
    arrays: dict[str, Any] = {"header": np.frombuffer(json.dumps(header, sort_keys=True).encode(), np.uint8)}
    if ranker.weights:
        arrays["weights"] = np.stack([ranker.weights.centre, ranker.weights.spread, ranker.weights.weights])
    if ranker.adapter:
        arrays["residual"] = ranker.adapter.residual
    file = io.BytesIO()
    np.savez(file, **arrays)
    content = file.getvalue()
    return Artefact(content, hashlib.sha256(content).hexdigest())


def load(content: bytes, *, embedding_version: str, dimensions: int, sha256: str | None = None) -> Ranker:
    """The ranker that ``save`` was given.

    Raises ArtefactError where the bytes are not those of ``sha256``, are no ranker of this format, hold
    numbers that cannot be used, or belong to another vector space.
    """
    if sha256 is not None and hashlib.sha256(content).hexdigest() != sha256:
        raise ArtefactError("The file is not the one that was registered: its SHA-256 differs.")
    if len(content) > _LARGEST:
        raise ArtefactError(f"The file has {len(content)} bytes; a ranker has at most {_LARGEST}.")
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        header = json.loads(arrays["header"].tobytes())
        return _ranker(header, arrays, embedding_version, dimensions)
    except ArtefactError:
        raise
    except _UNREADABLE as error:
        raise ArtefactError(f"The file cannot be read as a ranker ({error}); train it anew.") from error


def _ranker(
    header: dict[str, Any], arrays: dict[str, Any], embedding_version: str, dimensions: int
) -> Ranker:
    if header["format"] != FORMAT:
        raise ArtefactError(f"The file has format {header['format']}; this version reads {FORMAT}.")
    if header["embedding_version"] != embedding_version:
        raise ArtefactError(
            f"The ranker belongs to vectors of {header['embedding_version']}, not of {embedding_version}."
        )
    weights = adapter = None
    if header["names"] is not None:
        names = tuple(str(name) for name in header["names"])
        centre, spread, values = _numbers(arrays["weights"], (3, len(names)), np.float64)
        if (spread <= 0).any():
            raise ArtefactError("A feature's spread is not above zero.")
        weights = RankWeights(names, centre, spread, values)
    if "residual" in arrays:
        adapter = QueryAdapter(_numbers(arrays["residual"], (dimensions, dimensions), np.float32))
    memory = _memory(header["memory"]) if header["memory"] else None
    return Ranker(FusionWeights(**_finite(header["fusion"])), memory, weights, adapter)


def _numbers(array: Any, shape: tuple[int, ...], kind: type[np.floating[Any]]) -> Any:
    if array.shape != shape or array.dtype != kind or not np.isfinite(array).all():
        raise ArtefactError(
            f"Expected finite {kind.__name__} numbers of shape {shape}, found {array.dtype} {array.shape}."
        )
    return array


def _memory(settings: dict[str, Any]) -> MemorySettings:
    numbers = {name: value for name, value in settings.items() if name != "sloped"}
    return MemorySettings(**_finite(numbers), sloped=settings.get("sloped") is True)


def _finite(settings: dict[str, Any]) -> dict[str, float]:
    numbers = {name: float(value) for name, value in settings.items()}
    if not np.isfinite(list(numbers.values())).all():
        raise ArtefactError("A setting is not a finite number.")
    return numbers
