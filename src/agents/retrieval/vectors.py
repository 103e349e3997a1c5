"""The vector of a query, in each embedding version that it meets an index of."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from concurrent.futures import Executor, Future

from src.core.errors import UnavailableError
from src.core.ports import Vectors
from src.services.embeddings.versions import Embedders

log = logging.getLogger("stoa.retrieval")


class QueryVectors:
    """Computes ahead: in the configured version at once, in others as soon as they are known."""

    def __init__(self, embedders: Embedders, executor: Executor, text: str) -> None:
        self._embedders = embedders
        self._executor = executor
        self._text = text
        self._begun: dict[str, Future[Vectors]] = {}
        self.begin([embedders.current.version])

    def begin(self, versions: Iterable[str]) -> None:
        for version in versions:
            if version not in self._begun:
                self._begun[version] = self._executor.submit(self._embed, version)

    def future(self, version: str) -> Future[Vectors]:
        """The query's vector in a version, sooner or later; raises UnavailableError where its model is not
        to be had."""
        self.begin([version])
        return self._begun[version]

    def of(self, versions: Iterable[str]) -> dict[str, Vectors]:
        """By version, without those whose model is not to be had."""
        wanted = list(dict.fromkeys(versions))
        self.begin(wanted)
        found = {}
        for version in wanted:
            try:
                found[version] = self._begun[version].result()
            except UnavailableError as error:
                log.debug("searching by words only: %s", error.detail)
        return found

    def _embed(self, version: str) -> Vectors:
        return self._embedders.of(version).embed_query(self._text)
