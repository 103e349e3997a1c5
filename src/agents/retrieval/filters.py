"""Which passages a search's filters leave."""

from __future__ import annotations

from sqlalchemy import Select, or_, select

from src.core.caller import Scope
from src.core.messages.questions import Filters
from src.database.models import DocumentRecord, PassageRecord
from src.database.uow import Work

from .globs import path_glob

Allowed = dict[tuple[str, str], set[str]] | None
"""The passages that the filters leave, by collection and cutting; None where there is no filter."""


def allowed_passages(work: Work, scope: Scope, filters: Filters | None) -> Allowed:
    """The ids of the live passages that match every filter, by collection and cutting; None where there is
    no filter.

    The scope is part of the statement: a filter can only narrow what the caller may read.
    """
    if filters is None or filters.empty:
        return None
    documents = _documents(scope, filters)
    rows = work.session.execute(documents).all()
    if filters.path is not None:
        wanted = path_glob(filters.path)
        rows = [row for row in rows if wanted.fullmatch(row.path or row.external_id)]
    allowed: dict[tuple[str, str], set[str]] = {}
    ids = [row.id for row in rows]
    for start in range(0, len(ids), 500):
        query = select(PassageRecord.id, PassageRecord.collection_id, PassageRecord.cutting).where(
            PassageRecord.document_id.in_(ids[start : start + 500]), PassageRecord.live
        )
        if filters.kinds:
            query = query.where(PassageRecord.kind.in_(filters.kinds))
        for passage_id, collection_id, cutting in work.session.execute(query):
            allowed.setdefault((collection_id, cutting), set()).add(passage_id)
    return allowed


def _documents(scope: Scope, filters: Filters) -> Select[str, str | None, str]:
    query = select(DocumentRecord.id, DocumentRecord.path, DocumentRecord.external_id).where(
        DocumentRecord.collection_id.in_(scope.collection_ids), DocumentRecord.live_version.is_not(None)
    )
    if filters.source_ids:
        query = query.where(DocumentRecord.source_id.in_(filters.source_ids))
    if filters.document_ids:
        query = query.where(DocumentRecord.id.in_(filters.document_ids))
    if filters.types:
        formats = {_format(name) for name in filters.types}
        query = query.where(
            or_(DocumentRecord.media_type.in_(filters.types), DocumentRecord.live_format.in_(formats))
        )
    return query


def _format(name: str) -> str:
    """The format of that name, or the one that reads that media type, whose parameters say nothing here."""
    from src.services.parsing.formats import names_by_media_type

    kind = name.partition(";")[0].strip().lower()
    return names_by_media_type().get(kind, kind)
