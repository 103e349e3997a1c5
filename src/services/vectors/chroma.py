"""Vectors in Chroma, embedded or on a server."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from json import JSONDecodeError
from pathlib import Path
from typing import Any, Self

import numpy as np

from src.core.errors import IndexMissingError, UnreachableError
from src.core.ports import Scored, Vectors

from .connections import Connection, EmbeddedConnection, ServerConnection

_PREFIX = "stoa-"
_BATCH = 1000  # rows of one request: below every limit on rows and on bytes
_COMPARED_DIRECTLY = 300  # so many members of a subset are compared one by one, exactly
_TOLD = 300  # characters of what the store said
_DEEPEST = 1000  # how far down the whole index is searched for members of a large subset


class ChromaVectorIndex:
    """One Chroma collection ``stoa-<index>`` for each index: ids and vectors, cosine, nothing else.

    Only upserts are written, so an interrupted write is mended by doing it again. Raises
    UnreachableError where the store cannot be reached or fails. Safe to share between threads.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._collections: dict[str, Any] = {}
        self._sizes: dict[str, int] = {}

    @classmethod
    def embedded(cls, folder: Path) -> Self:
        """Open ``folder`` in this process; raises ConfigurationError where another process has it."""
        return cls(EmbeddedConnection(folder))

    @classmethod
    def server(cls, url: str, *, timeout_s: float = 30.0) -> Self:
        """Use the server at ``url``, which is first spoken to when something is asked of the index."""
        return cls(ServerConnection(url, timeout_s))

    def create(self, index: str, dimensions: int) -> None:
        # Chroma fixes the dimensions with the first vector.
        configuration = {"hnsw": {"space": "cosine", "ef_search": 200}}
        with _translated():
            self._connection.client().get_or_create_collection(
                _PREFIX + index, configuration=configuration, embedding_function=None
            )

    def upsert(self, index: str, ids: Sequence[str], vectors: Vectors) -> None:
        if len(ids) != len(vectors):
            raise ValueError(f"{len(ids)} ids with {len(vectors)} vectors")
        # Chroma refuses a request with an id twice; the last one counts.
        last = {passage_id: row for row, passage_id in enumerate(ids)}
        kept, rows = list(last), list(last.values())
        for start in range(0, len(kept), _BATCH):
            end = start + _BATCH
            self._call(index, "upsert", ids=kept[start:end], embeddings=vectors[rows[start:end]])
        self._sizes.pop(index, None)

    def delete(self, index: str, ids: Sequence[str]) -> None:
        for start in range(0, len(ids), _BATCH):
            self._call(index, "delete", ids=list(ids[start : start + _BATCH]))
        self._sizes.pop(index, None)

    def search(
        self, index: str, vector: Vectors, k: int, among: Collection[str] | None = None
    ) -> list[Scored]:
        if k < 1 or (among is not None and not among):
            return []
        if among is None:
            hits = self._nearest(index, vector, k)
        elif len(among) <= _COMPARED_DIRECTLY:
            hits = self._compared(index, vector, k, among)
        else:
            hits = self._nearest_among(index, vector, k, among)
        return sorted(hits, key=lambda hit: (-hit.score, hit.passage_id))

    def ids(self, index: str) -> set[str]:
        return set(self._call(index, "get", include=[])["ids"])

    def count(self, index: str) -> int:
        return int(self._call(index, "count"))

    def drop(self, index: str) -> None:
        from chromadb.errors import NotFoundError

        self._forget(index)
        with _translated():
            try:
                self._connection.client().delete_collection(_PREFIX + index)
            except NotFoundError:
                return
        self._connection.tidy()

    def indexes(self) -> set[str]:
        with _translated():
            names = [collection.name for collection in self._connection.client().list_collections()]
        return {name.removeprefix(_PREFIX) for name in names if name.startswith(_PREFIX)}

    def close(self) -> None:
        self._collections.clear()
        self._connection.close()

    def _nearest(
        self, index: str, vector: Vectors, k: int, among: Sequence[str] | None = None
    ) -> list[Scored]:
        found = self._call(
            index, "query", query_embeddings=[vector], n_results=k, ids=among, include=["distances"]
        )
        pairs = zip(found["ids"][0], found["distances"][0], strict=True)
        return [Scored(passage_id, 1.0 - float(distance)) for passage_id, distance in pairs]

    def _compared(self, index: str, vector: Vectors, k: int, among: Collection[str]) -> list[Scored]:
        """A small subset, exactly: its vectors are fetched and compared here."""
        found = self._call(index, "get", ids=list(dict.fromkeys(among)), include=["embeddings"])
        if not found["ids"]:
            return []
        rows = np.asarray(found["embeddings"], np.float32)
        cosines = rows @ vector / (np.linalg.norm(rows, axis=1) * np.linalg.norm(vector))
        best = np.argsort(-cosines, kind="stable")[:k]
        return [Scored(found["ids"][row], float(cosines[row])) for row in best]

    def _nearest_among(self, index: str, vector: Vectors, k: int, among: Collection[str]) -> list[Scored]:
        """A large subset: where it is a good part of the index, its members stand near the top of a
        plain search; otherwise Chroma restricts the search, which costs the more the larger the index."""
        members = dict.fromkeys(among)
        depth = max(k, 2 * k * self._size(index) // len(members))
        if depth <= _DEEPEST:
            hits = [hit for hit in self._nearest(index, vector, depth) if hit.passage_id in members]
            if len(hits) >= k:
                return hits[:k]
        try:
            return self._nearest(index, vector, k, list(members))
        except UnreachableError:
            # Chroma fails where it does not know one of the ids.
            known = self._call(index, "get", ids=list(members), include=[])["ids"]
            if len(known) == len(members):
                raise
            return self._nearest(index, vector, k, known) if known else []

    def _size(self, index: str) -> int:
        """Rows, as far as this process knows: good enough to choose a way to search."""
        if index not in self._sizes:
            self._sizes[index] = int(self._call(index, "count"))
        return self._sizes[index]

    def _call(self, index: str, action: str, **arguments: Any) -> Any:
        from chromadb.errors import NotFoundError

        with _translated():
            for _ in range(2):
                try:
                    return getattr(self._collection(index), action)(**arguments)
                except NotFoundError:
                    # Dropped, or dropped and made anew by another process: look it up once more.
                    self._forget(index)
        raise IndexMissingError(f"There is no vector index {index}; run 'reindex' to rebuild it.")

    def _collection(self, index: str) -> Any:
        collection = self._collections.get(index)
        if collection is None:
            client = self._connection.client()
            collection = client.get_collection(_PREFIX + index, embedding_function=None)
            self._collections[index] = collection
        return collection

    def _forget(self, index: str) -> None:
        self._collections.pop(index, None)
        self._sizes.pop(index, None)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        if not _is_failure(error):
            raise
        told = " ".join(str(error).split())[:_TOLD] or type(error).__name__
        sentence = f"The vector store failed: {told}. Try again; its log may say more."
        raise UnreachableError(sentence) from error


def _is_failure(error: Exception) -> bool:
    """Whether the store failed, or what answered in its place, and not our call."""
    import httpx
    from chromadb import errors

    failures = (
        errors.AuthorizationError,
        errors.ChromaAuthError,
        errors.InternalError,
        errors.QuotaError,
        errors.RateLimitError,
        httpx.TransportError,
        JSONDecodeError,
    )
    # For the answer of a proxy or of another server Chroma's client raises a bare Exception with its text.
    return isinstance(error, failures) or type(error) is Exception
