"""Readiness of each part that requests need."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import text

from src.core.messages.console import Health, PartHealth
from src.core.ports import Embedder, LexicalIndex, VectorIndex
from src.database.uow import Database

LOW_DISK_BYTES = 200 * 2**20


class HealthCheck:
    """Asks each part something cheap that fails where the part does."""

    def __init__(
        self,
        database: Database,
        vectors: VectorIndex,
        lexical: LexicalIndex,
        embedder: Embedder,
        data_dir: Path,
    ) -> None:
        self._database = database
        self._vectors = vectors
        self._lexical = lexical
        self._embedder = embedder
        self._data_dir = data_dir

    def check(self) -> Health:
        parts = (
            _part("database", self._ask_database),
            _part("vectors", lambda: f"{len(self._vectors.indexes())} indexes"),
            _part("lexical", lambda: f"{len(self._lexical.indexes())} indexes"),
            _part("embedding", lambda: self._embedder.version),
            _part("disk", self._look_at_disk),
        )
        return Health(ready=all(part.ready for part in parts), parts=parts)

    def _ask_database(self) -> str:
        with self._database.read() as work:
            work.session.execute(text("SELECT 1"))
        return self._database.dialect

    def _look_at_disk(self) -> str:
        free = shutil.disk_usage(self._data_dir).free
        if free < LOW_DISK_BYTES:
            raise OSError(f"only {free // 2**20} MiB are free in the data folder; make room")
        return f"{free // 2**20} MiB free"


def _part(name: str, ask: Callable[[], str]) -> PartHealth:
    try:
        return PartHealth(name=name, ready=True, detail=ask())
    except Exception as error:  # noqa: BLE001 - whatever a part fails with is its state
        return PartHealth(name=name, ready=False, detail=f"{type(error).__name__}: {error}")
