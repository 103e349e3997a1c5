"""Readiness of each part that requests need."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from sqlalchemy import text

from src.core.messages.console import Health, PartHealth
from src.core.ports import Embedder, LexicalIndex, VectorIndex
from src.database.uow import Database

from .measuring import Family, Look, Sample

LOW_DISK_BYTES = 200 * 2**20


class HealthCheck(Protocol):
    """Asks one part something cheap that fails where the part does.

    ``name`` is a short word; ``check`` returns a few words on the part, and raises whatever it meets where
    the part is not ready. It is asked by everyone who looks at ``/readyz``: some milliseconds at most.
    """

    @property
    def name(self) -> str: ...

    def check(self) -> str: ...


class HealthBoard:
    """All parts together."""

    def __init__(self, checks: Sequence[HealthCheck]) -> None:
        self._checks = tuple(checks)

    def check(self) -> Health:
        parts = tuple(_part(check) for check in self._checks)
        return Health(ready=all(part.ready for part in parts), parts=parts)


class HealthCollector:
    """Readiness as a metric."""

    name = "health"
    seconds = 15.0
    families = (Family("stoa_part_ready", "gauge", "1 where a part is ready, else 0."),)

    def __init__(self, board: HealthBoard) -> None:
        self._board = board

    def collect(self, look: Look) -> Iterator[Sample]:
        for part in self._board.check().parts:
            yield Sample("stoa_part_ready", float(part.ready), {"part": part.name})


class DatabaseCheck:
    """The SQL database answers."""

    name = "database"

    def __init__(self, database: Database) -> None:
        self._database = database

    def check(self) -> str:
        with self._database.read() as work:
            work.connection.execute(text("SELECT 1"))
        return self._database.dialect


class IndexCheck:
    """The store of vectors, or of words, tells its indexes."""

    def __init__(self, name: str, index: VectorIndex | LexicalIndex) -> None:
        self.name = name
        self._index = index

    def check(self) -> str:
        return f"{len(self._index.indexes())} indexes"


class EmbeddingCheck:
    """The embedding model is there."""

    name = "embedding"

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def check(self) -> str:
        return self._embedder.version


class DiskCheck:
    """There is room in the data folder."""

    name = "disk"

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir

    def check(self) -> str:
        free = shutil.disk_usage(self._data_dir).free
        if free < LOW_DISK_BYTES:
            raise OSError(f"only {free // 2**20} MiB are free in the data folder; make room")
        return f"{free // 2**20} MiB free"


def _part(check: HealthCheck) -> PartHealth:
    try:
        return PartHealth(name=check.name, ready=True, detail=check.check())
    except Exception as error:  # noqa: BLE001 - whatever a part fails with is its state
        return PartHealth(name=check.name, ready=False, detail=f"{type(error).__name__}: {error}")
