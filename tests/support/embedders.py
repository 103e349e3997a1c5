"""An application whose embedding model is watched: what it embeds is noted, and its version can differ."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

from src.adapters import Adapters, open_embedder
from src.bootstrap import Application, build
from src.core.ports import Embedder, Vectors
from src.core.settings import Settings
from src.database.uow import Database
from src.services.embeddings.versions import Embedders, EmbeddingSource

from .application import cheap_passwords


class Watched:
    """The real embedder behind notes of what it was given. ``suffix`` makes its version another one;
    while ``gate`` is cleared passages wait, and ``waiting`` is set when the first does."""

    def __init__(self, embedder: Embedder, suffix: str = "") -> None:
        self.texts: list[str] = []
        self.gate = threading.Event()
        self.gate.set()
        self.waiting = threading.Event()
        self.version = embedder.version + suffix
        self.dimensions = embedder.dimensions
        self.max_tokens = embedder.max_tokens
        self._embedder = embedder

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        self.texts.extend(texts)
        if not self.gate.is_set():
            self.waiting.set()
            self.gate.wait(30.0)
        return self._embedder.embed_passages(texts)

    def embed_query(self, text: str) -> Vectors:
        return self._embedder.embed_query(text)


@contextmanager
def watched(settings: Settings, *, suffix: str = "") -> Iterator[tuple[Application, Watched]]:
    """A running application and its watched embedder."""
    seen: list[Watched] = []

    def adapters(settings: Settings, database: Database, secret: bytes) -> Adapters:
        made = Adapters.from_settings(settings, database, secret)
        seen.append(Watched(made.embedder, suffix))
        source = EmbeddingSource(settings.embedding_model, settings.embedding_precision)
        open_ = partial(open_embedder, settings, made.blobs, own={})
        return replace(made, embedders=Embedders(database, seen[0], source, open_))

    application = build(settings, adapters=adapters, passwords=cheap_passwords())
    try:
        application.start()
        yield application, seen[0]
    finally:
        seen[0].gate.set()
        application.drain()
        application.close()
