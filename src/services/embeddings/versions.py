"""The embedding models by version: the configured one, and those that other indexes were made with."""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from src.core.errors import AppError, UnavailableError
from src.core.ports import Embedder
from src.database.uow import Database, UnitOfWork

log = logging.getLogger(__name__)

_RETRY_S = 30.0


@dataclass(frozen=True)
class EmbeddingSource:
    """Where an embedding model comes from: the configured name of one, or the ``artefact`` of a trained
    one, by its digest."""

    model: str
    precision: str
    artefact: str | None = None


OpenEmbedder = Callable[[EmbeddingSource], Embedder]


class Embedders:
    """Every vector space that something was indexed in.

    SQL says how the model of a version is found, so that all processes find the same ones; ``open_`` makes
    it. ``most`` of them are kept in this process beside the configured one. One that cannot be made again
    (its folder is gone, its files are others) is unavailable, and is tried again after half a minute.
    """

    def __init__(
        self,
        database: Database,
        current: Embedder,
        source: EmbeddingSource,
        open_: OpenEmbedder,
        *,
        most: int = 2,
    ) -> None:
        self._database = database
        self.current = current
        self._source = source
        self._open = open_
        self._most = most
        self._opened: OrderedDict[str, Embedder] = OrderedDict()
        self._failed: dict[str, tuple[float, UnavailableError]] = {}
        self._locks: dict[str, Lock] = {}
        self._lock = Lock()

    def opened(self, source: EmbeddingSource) -> Embedder:
        """A model that SQL does not know yet. It takes seconds: no transaction may wait for it."""
        return self._open(source)

    def note(
        self, work: UnitOfWork, version: str, source: EmbeddingSource, collection_id: str | None
    ) -> None:
        """Write down how the model of a version is found; ``collection_id`` is the one it was trained on."""
        work.embeddings.note(
            version=version,
            model=source.model,
            precision=source.precision,
            artefact=source.artefact,
            collection_id=collection_id,
            created_at=work.now(),
        )

    @property
    def precision(self) -> str:
        """In which numbers the configured model computes."""
        return self._source.precision

    def note_current(self) -> None:
        """Write down how the configured model is found, for when another one is configured."""
        with self._database.read() as reading:
            if reading.embeddings.find(self.current.version) is not None:
                return
        with self._database.begin() as work:
            self.note(work, self.current.version, self._source, None)
            work.commit()

    def available(self, version: str) -> bool:
        """Whether texts can be embedded in that version here."""
        try:
            self.of(version)
        except UnavailableError:
            return False
        return True

    def of(self, version: str) -> Embedder:
        """Raises UnavailableError where the model of that version is not to be had."""
        if version == self.current.version:
            return self.current
        with self._lock:
            opened = self._kept(version)
            if opened is not None:
                return opened
            alone = self._locks.setdefault(version, Lock())
        with alone:
            with self._lock:
                opened = self._kept(version)
            if opened is None:
                opened = self._made(version)
            return opened

    def _kept(self, version: str) -> Embedder | None:
        if version in self._opened:
            self._opened.move_to_end(version)
            return self._opened[version]
        at, error = self._failed.get(version, (0.0, None))
        if error is not None and time.monotonic() - at < _RETRY_S:
            raise error.with_traceback(None)
        return None

    def _made(self, version: str) -> Embedder:
        try:
            made = self._found(version)
        except AppError as cause:
            error = UnavailableError(
                f"The embedding model of version {version} cannot be used: {cause.detail} Rebuild the index "
                "with the configured model: run.py reindex."
            )
            log.warning("%s", error.detail)
            with self._lock:
                self._failed[version] = (time.monotonic(), error)
            raise error from cause
        with self._lock:
            self._failed.pop(version, None)
            self._opened[version] = made
            # One that falls out ends with its last caller: closing it here might end a call under way.
            while len(self._opened) > self._most:
                self._opened.popitem(last=False)
        return made

    def _found(self, version: str) -> Embedder:
        with self._database.read() as work:
            record = work.embeddings.get(version)
        made = self._open(EmbeddingSource(record.model, record.precision, record.artefact))
        if made.version != version:
            raise UnavailableError(f"{record.model} makes vectors of {made.version} now.")
        return made
