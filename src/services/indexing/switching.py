"""Which index of a collection is searched: switching to another one, and what becomes of the old."""

from __future__ import annotations

from src.core.messages.indexes import IndexSwitched
from src.database.models import IndexRecord
from src.database.uow import UnitOfWork


def switch(work: UnitOfWork, to: IndexRecord) -> None:
    """Have searches use another index from this commit on; the unit of work holds the collection alone.

    The one that was live stays on standby for the way back where it is of another embedding version and can
    be kept up to date; what the new one replaces is retired.
    """
    now = work.now()
    retired = []
    for index in work.indexes.of(to.collection_id):
        if index.id == to.id or index.state == "retired":
            continue
        replaced = index.embedding_version == to.embedding_version
        if replaced or index.lexical_version != to.lexical_version:
            index.state, index.switched_at = "retired", now
            retired.append(index.id)
        elif index.state == "live":
            index.state, index.switched_at = "standby", now
    to.state, to.switched_at = "live", now
    work.publish(
        IndexSwitched(collection_id=to.collection_id, index_id=to.id, retired=tuple(sorted(retired)))
    )
