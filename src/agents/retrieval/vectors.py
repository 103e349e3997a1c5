"""The vector of a query, in each embedding version that it meets an index of."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor, Future
from threading import Lock

from src.core.errors import UnavailableError
from src.core.ports import Vectors
from src.services.embeddings.versions import Embedders

log = logging.getLogger("stoa.retrieval")

_KEPT = 256


class Expected:
    """In which embedding version a query is probably wanted, before SQL has said so: that of the last search
    of the same collections."""

    def __init__(self, current: str) -> None:
        self._current = current
        self._last: OrderedDict[Sequence[str] | None, str] = OrderedDict()
        self._lock = Lock()

    def version(self, collection_ids: Sequence[str] | None) -> str:
        with self._lock:
            return self._last.get(collection_ids, self._current)

    def note(self, collection_ids: Sequence[str] | None, versions: Sequence[str]) -> None:
        """Only what differs from the configured one has to be kept."""
        with self._lock:
            self._last.pop(collection_ids, None)
            if versions and self._current not in versions:
                self._last[collection_ids] = versions[0]
            while len(self._last) > _KEPT:
                self._last.popitem(last=False)


class QueryVectors:
    """Each is computed once: the one that is expected in the caller's thread, others by the executor."""

    def __init__(self, embedders: Embedders, executor: Executor, text: str) -> None:
        self._embedders = embedders
        self._executor = executor
        self._text = text
        self._known: dict[str, Future[Vectors]] = {}

    def compute(self, version: str) -> None:
        """Here and now; where its model is not to be had, ``of`` leaves it out."""
        known: Future[Vectors] = Future()
        try:
            known.set_result(self._embed(version))
        except UnavailableError as error:
            known.set_exception(error)
        self._known[version] = known

    def of(self, versions: Iterable[str]) -> dict[str, Vectors]:
        """By version, without those whose model is not to be had."""
        wanted = list(dict.fromkeys(versions))
        for version in wanted:
            if version not in self._known:
                self._known[version] = self._executor.submit(self._embed, version)
        found = {}
        for version in wanted:
            try:
                found[version] = self._known[version].result()
            except UnavailableError as error:
                log.debug("searching by words only: %s", error.detail)
        return found

    def _embed(self, version: str) -> Vectors:
        return self._embedders.of(version).embed_query(self._text)
