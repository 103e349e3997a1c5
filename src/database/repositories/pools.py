"""Question pools that are kept between training runs."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from src.database.models import DocumentRecord, IndexRecord, PoolRecord

from .base import chunks


def corpus_revision(session: Session, collection_id: str, *also: str) -> str | None:
    """Another digest whenever the live index, a searched document or one of ``also`` is another; None where
    the collection has no live index. BM25 weighs words by the whole collection, so that one document more
    changes the scores of all."""
    index = session.execute(
        select(IndexRecord.id, IndexRecord.embedding_version, IndexRecord.lexical_version).where(
            IndexRecord.collection_id == collection_id, IndexRecord.state == "live"
        )
    ).first()
    if index is None:
        return None
    documents = session.execute(
        select(func.count(DocumentRecord.live_version), func.max(DocumentRecord.indexed_at)).where(
            DocumentRecord.collection_id == collection_id
        )
    ).one()
    parts = (*index, *map(str, documents), *also)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def kept_pools(
    session: Session, collection_id: str, revision: str, question_keys: Collection[str]
) -> dict[str, bytes]:
    """The pools of these questions that were gathered at this revision, by key."""
    found: dict[str, bytes] = {}
    for part in chunks(sorted(question_keys)):
        query = select(PoolRecord.question_key, PoolRecord.pool).where(
            PoolRecord.collection_id == collection_id,
            PoolRecord.revision == revision,
            PoolRecord.question_key.in_(part),
        )
        found.update((key, pool) for key, pool in session.execute(query))
    return found


def keep_pools(session: Session, collection_id: str, revision: str, pools: Mapping[str, bytes]) -> None:
    """Store pools by question key, in the place of what was there."""
    drop_pools(session, collection_id, pools)
    session.add_all(
        PoolRecord(collection_id=collection_id, question_key=key, revision=revision, pool=pool)
        for key, pool in pools.items()
    )
    session.flush()


def drop_pools(session: Session, collection_id: str, question_keys: Collection[str]) -> None:
    """Remove the pools of these questions."""
    for part in chunks(sorted(question_keys)):
        session.execute(
            delete(PoolRecord).where(
                PoolRecord.collection_id == collection_id, PoolRecord.question_key.in_(part)
            )
        )


def pooled_questions(session: Session, collection_id: str) -> set[str]:
    """The keys of the questions that have a pool, of whichever revision."""
    return set(
        session.scalars(select(PoolRecord.question_key).where(PoolRecord.collection_id == collection_id))
    )
