"""Which index of a collection is searched: switching to another one, and what becomes of the old."""

from __future__ import annotations

from src.core.messages.indexes import IndexSwitched
from src.database.models import IndexRecord
from src.database.uow import UnitOfWork

from .making import Making


def switch(work: UnitOfWork, to: IndexRecord) -> None:
    """Have searches use another index from this commit on; the unit of work holds the collection alone.

    The one that was live stays on standby for the way back where it is made with something else and can be
    kept up to date; what the new one replaces is retired. Where documents are cut otherwise in the new one,
    they are known by its passages in the same commit.
    """
    now = work.now()
    retired = []
    for index in work.indexes.of(to.collection_id):
        if index.id == to.id or index.state == "retired":
            continue
        replaced = Making.of(index) == Making.of(to)
        if replaced or index.lexical_version != to.lexical_version:
            index.state, index.switched_at = "retired", now
            retired.append(index.id)
        elif index.state == "live":
            index.state, index.switched_at = "standby", now
    to.state, to.switched_at = "live", now
    collection = work.collections.get(to.collection_id)
    if collection.cutting != to.cutting:
        work.cuts.exchange(collection.id, collection.cutting, to.cutting)
        collection.cutting = to.cutting
    work.publish(
        IndexSwitched(collection_id=to.collection_id, index_id=to.id, retired=tuple(sorted(retired)))
    )
