"""What rankings remember of votes: the ratings themselves, found by the vectors of their questions."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from src.core.context import Context
from src.core.messages.training import MemoryChanged
from src.core.ports import Embedder, Vectors
from src.database.repositories.counterparts import drop_unvoted
from src.database.repositories.feedback import QuestionVectors
from src.database.repositories.remembering import (
    collections_asked,
    drop_unused_vectors,
    memory_changed,
    questions_without_vector,
)
from src.database.uow import Database, UnitOfWork
from src.services.indexing.counterparts import complete

log = logging.getLogger("stoa.fine_tuner")

_AT_ONCE = 64


def tell_of_change(work: UnitOfWork, collection_id: str, *, if_any: bool = False) -> None:
    """In this unit of work: the votes on the collection's passages are others from now on."""
    complete(work, collection_id)
    if memory_changed(work.session, collection_id, if_any=if_any):
        work.publish(MemoryChanged(collection_id=collection_id))


def complete_vectors(database: Database, embedder: Embedder, ctx: Context) -> int:
    """Give every rated question a vector of this model, as after a change of the model. Returns how many
    were computed."""
    done = 0
    while vectors := lacking_vectors(database, [embedder]).get(embedder.version):
        with database.begin(ctx) as work:
            keep_vectors(work, vectors, embedder.version)
            work.commit()
        done += len(vectors)
    if done:
        log.info("computed the vectors of %d rated questions", done)
    return done


def lacking_vectors(database: Database, embedders: Sequence[Embedder]) -> dict[str, dict[str, Vectors]]:
    """By version, the vectors of some of the rated questions that have none in it."""
    made: dict[str, dict[str, Vectors]] = {}
    for embedder in embedders:
        with database.read() as reading:
            lacking = questions_without_vector(reading.session, embedder.version, limit=_AT_ONCE)
        if lacking:
            made[embedder.version] = {key: embedder.embed_query(text) for key, text in lacking.items()}
    return made


def keep_vectors(work: UnitOfWork, vectors: dict[str, Vectors], version: str) -> None:
    """Store the vectors of rated questions, and tell the collections whose memory knows more by them."""
    QuestionVectors(work.session).add(vectors, version)
    for collection_id in collections_asked(work.session, vectors):
        tell_of_change(work, collection_id)


def sweep_vectors(database: Database, ctx: Context) -> None:
    """Forget the vectors of what nobody's rating holds any more, and what stood at its place elsewhere."""
    with database.begin(ctx, relaxed=True) as sweeping:
        if drop_unused_vectors(sweeping.session) + drop_unvoted(sweeping.session):
            sweeping.commit()
