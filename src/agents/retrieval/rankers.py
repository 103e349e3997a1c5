"""The ranking models and memories of collections, kept in this process as long as they are current."""

from __future__ import annotations

import logging
from collections import OrderedDict
from datetime import date, datetime
from threading import Lock

from src.core.errors import AppError
from src.core.ports import Blobs
from src.database.repositories.searching import LiveIndex
from src.database.repositories.votes import PassageVote, passage_votes
from src.database.uow import Work
from src.services.ranking.artefact import load
from src.services.ranking.examples import DOWN_VOTE
from src.services.ranking.memory import MemorySettings, QueryMemory, Remembered
from src.services.ranking.ranker import Ranker

log = logging.getLogger("stoa.retrieval")

_KEPT_RANKERS, _KEPT_MEMORIES = 256, 4096
"""Above the number of collections that one search may reach: else each search would load all of them anew.
A ranker has megabytes at most, a memory what its collection's votes take, most often nothing."""


_Name = tuple[str, str, str]
"""A collection, and the embedding version and cutting of one of its indexes."""


class Rankers:
    """Rankers by the digest of their artefact, which never changes: a switch needs no message."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self.default = Ranker(memory=MemorySettings())
        self._loaded: OrderedDict[tuple[str, str], Ranker] = OrderedDict()
        self._lock = Lock()

    def of(self, artefact: str | None, index: LiveIndex) -> Ranker:
        """The ranker of an artefact, for the vectors of an index; the default one for None.

        Raises ArtefactError or NotFoundError where the artefact cannot be used.
        """
        if artefact is None:
            return self.default
        name = (artefact, index.embedding_version)
        with self._lock:
            if name in self._loaded:
                self._loaded.move_to_end(name)
                return self._loaded[name]
        ranker = load(
            self._blobs.get(artefact),
            embedding_version=index.embedding_version,
            dimensions=index.dimensions,
            sha256=artefact,
        )
        with self._lock:
            self._loaded[name] = ranker
            while len(self._loaded) > _KEPT_RANKERS:
                self._loaded.popitem(last=False)
        return ranker

    def usable(self, artefact: str | None, index: LiveIndex) -> Ranker | None:
        """Like ``of``, but None where the artefact cannot be used."""
        try:
            return self.of(artefact, index)
        except AppError as error:
            log.warning("ranking without model file %s: %s", artefact, error.detail)
            return None


class Memories:
    """What the counted ratings of each collection say, by the version that SQL gives it; they are weighed by
    their age anew each day."""

    def __init__(self) -> None:
        self._loaded: OrderedDict[_Name, tuple[int, date, QueryMemory]] = OrderedDict()
        self._loading: dict[_Name, Lock] = {}
        self._lock = Lock()

    def of(self, work: Work, index: LiveIndex, now: datetime) -> QueryMemory:
        """That of the version that the index names, or a later one. Ten thousand votes take a quarter of a
        second to read: of the searches that meet a new version one reads it, and the others wait for that."""
        name, today = (index.collection_id, index.embedding_version, index.cutting), now.date()
        with self._lock:
            known = self._known(name, index.memory_version, today)
            if known is not None:
                return known
            alone = self._loading.setdefault(name, Lock())
        with alone:
            with self._lock:
                known = self._known(name, index.memory_version, today)
            if known is not None:
                return known
            memory = QueryMemory(_remembered(work, *name, now))
            with self._lock:
                self._loaded[name] = (index.memory_version, today, memory)
                self._loaded.move_to_end(name)
                while len(self._loaded) > _KEPT_MEMORIES:
                    self._loaded.popitem(last=False)
            return memory

    def _known(self, name: _Name, version: int, today: date) -> QueryMemory | None:
        found = self._loaded.get(name)
        if found is None or found[0] < version or found[1] != today:
            return None
        self._loaded.move_to_end(name)
        return found[2]


def _remembered(
    work: Work, collection_id: str, embedding_version: str, cutting: str, now: datetime
) -> list[Remembered]:
    """One entry for each question and passage: the up-votes less what the down-votes weigh."""
    votes: dict[tuple[str, str], list[PassageVote]] = {}
    for vote in passage_votes(work.session, collection_id, embedding_version, cutting):
        votes.setdefault((vote.question_key, vote.content_key), []).append(vote)
    return [
        Remembered(
            question_id=question,
            vector=found[-1].vector,
            passage_key=passage,
            weight=max(-1.0, min(1.0, sum(1.0 if vote.up else -DOWN_VOTE for vote in found))),
            age_days=(now - found[-1].at).total_seconds() / 86_400,
        )
        for (question, passage), found in votes.items()
    ]
