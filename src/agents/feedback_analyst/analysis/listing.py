"""Reports for those who look after collections, and the wish for a new one."""

from __future__ import annotations

from src.core.context import Context
from src.core.errors import ForbiddenError, NotFoundError
from src.core.messages import Page
from src.core.messages.base import Target
from src.core.messages.insights import (
    AnalyseJob,
    Insight,
    ListInsights,
    QueuedAnalysis,
    RefreshInsights,
)
from src.database.grants import grant_on
from src.database.repositories.insights import Insights
from src.database.uow import Database, UnitOfWork, Work

from .storing import insight_of

_NOT_YOURS = "Only those who may change a collection see what goes wrong in it."


def list_insights(database: Database, request: ListInsights, ctx: Context) -> Page[Insight]:
    """Raises NotFoundError for a collection that the caller may not read, and ForbiddenError for one that
    the caller may only read."""
    with database.read() as work:
        _check(work, request.collection_id, ctx)
        records = Insights(work.session).visible(ctx.caller, request.collection_id)
        return Page[Insight](items=tuple(insight_of(record) for record in records))


def refresh(database: Database, request: RefreshInsights, ctx: Context) -> QueuedAnalysis:
    """Have an analysis made; one that waits already does for this wish, too."""
    with database.begin(ctx) as work:
        if request.collection_id is None and not ctx.caller.administers:
            raise ForbiddenError("Only administrators may have all collections analysed; name one of yours.")
        _check(work, request.collection_id, ctx)
        job_id = enqueue(work, request.collection_id)
        work.commit()
    return QueuedAnalysis(job_id=job_id)


def enqueue(work: UnitOfWork, collection_id: str | None) -> str:
    """The id of a queued analysis of the collection, or of all."""
    job = Insights(work.session).waiting_job(collection_id)
    if job is None:
        job = work.enqueue(AnalyseJob(collection_id=collection_id), collection_id=collection_id)
    return job.id


def _check(work: Work, collection_id: str | None, ctx: Context) -> None:
    if collection_id is None:
        return
    grant = grant_on(work, ctx.caller, Target.COLLECTION, collection_id)
    if grant is None or not grant.may_read:
        raise NotFoundError(f"There is no collection {collection_id}.")
    if not grant.may_write:
        raise ForbiddenError(_NOT_YOURS)
