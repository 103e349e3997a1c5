"""What rankings remember of votes: the ratings themselves, found by the vectors of their questions."""

from __future__ import annotations

import logging

from src.core.context import Context
from src.core.messages.training import MemoryChanged
from src.core.ports import Embedder
from src.database.repositories.feedback import QuestionVectors
from src.database.repositories.remembering import (
    collections_asked,
    drop_unused_vectors,
    memory_changed,
    questions_without_vector,
)
from src.database.uow import Database, UnitOfWork

log = logging.getLogger("stoa.fine_tuner")

_AT_ONCE = 64


def tell_of_change(work: UnitOfWork, collection_id: str, *, if_any: bool = False) -> None:
    """In this unit of work: the votes on the collection's passages are others from now on."""
    if memory_changed(work.session, collection_id, if_any=if_any):
        work.publish(MemoryChanged(collection_id=collection_id))


def complete_vectors(database: Database, embedder: Embedder, ctx: Context) -> int:
    """Give every rated question a vector of today's embedding model, as after a change of the model, and
    forget the vectors of what nobody's rating holds any more. Returns how many were computed."""
    done = 0
    while True:
        with database.read() as reading:
            lacking = questions_without_vector(reading.session, embedder.version, limit=_AT_ONCE)
        if not lacking:
            break
        vectors = {key: embedder.embed_query(question) for key, question in lacking.items()}
        with database.begin(ctx) as work:
            QuestionVectors(work.session).add(vectors, embedder.version)
            for collection_id in collections_asked(work.session, vectors):
                tell_of_change(work, collection_id)
            work.commit()
        done += len(vectors)
    if done:
        log.info("computed the vectors of %d rated questions", done)
    with database.begin(ctx, relaxed=True) as sweeping:
        if drop_unused_vectors(sweeping.session):
            sweeping.commit()
    return done
