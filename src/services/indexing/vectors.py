"""The vectors of passages and of rated questions, in the version that an index has."""

from __future__ import annotations

import time
from collections.abc import Mapping

from src.core.jobs import JobRun
from src.core.ports import Vectors
from src.database.repositories.feedback import QuestionVectors
from src.database.repositories.remembering import questions_without_vector
from src.database.uow import Database
from src.services.embeddings.versions import Embedders

from .pace import rest

AT_ONCE = 128


class PassageVectors:
    """Finds vectors in SQL's cache and makes what it lacks, each stored as soon as it is made.

    ``share`` of the time is spent making them; the rest is left to whoever searches meanwhile.
    """

    def __init__(self, database: Database, embedders: Embedders, *, share: float = 1.0) -> None:
        self._database = database
        self._embedders = embedders
        self._share = share

    def of(self, texts: Mapping[str, str], version: str, run: JobRun) -> dict[str, Vectors]:
        """A vector for each key. Raises UnavailableError where the version's model is not to be had."""
        with self._database.read() as work:
            vectors = work.vectors.find(list(texts), version)
        missing = [key for key in texts if key not in vectors]
        if not missing:
            return vectors
        embedder = self._embedders.of(version)
        # The longest first: none is left over at the end of a call for one thread alone.
        missing.sort(key=lambda key: -len(texts[key]))
        for start in range(0, len(missing), AT_ONCE):
            run.check()
            keys = missing[start : start + AT_ONCE]
            began = time.monotonic()
            matrix = embedder.embed_passages([texts[key] for key in keys])
            fresh = dict(zip(keys, matrix, strict=True))
            with self._database.begin(run.ctx, relaxed=True) as writing:
                writing.vectors.add(fresh, version)
                writing.commit()
            run.reached("some vectors stored")
            vectors.update(fresh)
            rest(time.monotonic() - began, self._share, run)
        return vectors

    def complete_questions(self, version: str, run: JobRun) -> None:
        """Give every rated question its vector, so that an index of this version remembers them too."""
        while True:
            with self._database.read() as reading:
                lacking = questions_without_vector(reading.session, version, limit=AT_ONCE)
            if not lacking:
                return
            embedder = self._embedders.of(version)
            began = time.monotonic()
            vectors = {key: embedder.embed_query(question) for key, question in lacking.items()}
            with self._database.begin(run.ctx) as work:
                QuestionVectors(work.session).add(vectors, version)
                work.commit()
            run.check()
            rest(time.monotonic() - began, self._share, run)
