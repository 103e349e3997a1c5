"""What people do with models: look at them, promote one, return from one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from src.core.context import Context
from src.core.errors import ConflictError
from src.core.messages import Page
from src.core.messages.models import (
    ListModels,
    Model,
    ModelDetail,
    ModelRole,
    ModelState,
    PromoteModel,
    RejectModel,
    RollBackModel,
)
from src.database.grants import scope_of
from src.database.jobstore import request_cancel
from src.database.models import ModelRecord
from src.database.repositories.gating import index_jobs
from src.database.uow import Database, UnitOfWork
from src.services import registry

from .splits import Splits
from .trials import Trials
from .views import model_detail, model_view

_WAITING = {ModelState.CANDIDATE, ModelState.GATED, ModelState.TRIAL}
_PROMOTABLE = {*_WAITING, ModelState.RETIRED}


class Models:
    """The models of the collections, by a person's hand."""

    def __init__(self, database: Database, trials: Trials, splits: Splits) -> None:
        self._database = database
        self._arranges: dict[str, Trials | Splits] = {
            ModelRole.RANKING: trials,
            ModelRole.ANSWERING: splits,
        }

    def page(self, request: ListModels, ctx: Context) -> Page[Model]:
        asked = (request.collection_id,) if request.collection_id else None
        with self._database.read() as work:
            scope = scope_of(work, ctx.caller, asked)
            records, cursor = work.models.page(
                scope.collection_ids, request.state, request.role, limit=request.limit, cursor=request.cursor
            )
            return Page[Model](items=tuple(model_view(record) for record in records), next=cursor)

    def one(self, model_id: str) -> ModelDetail:
        with self._database.read() as work:
            return model_detail(work, work.models.get(model_id))

    def promote(self, request: PromoteModel, ctx: Context) -> ModelDetail:
        """Raises ConflictError where the model cannot go live, or another one went live meanwhile."""
        with self._changing(request.model_id, ctx) as (work, record):
            if record.state not in _PROMOTABLE:
                raise ConflictError(f"Version {record.version} is {record.state} and cannot be promoted.")
            reason = request.reason or f"Promoted by {ctx.caller.username}."
            registry.promote(work, record, by=ctx.caller.username, reason=reason, evidence={})
            self._arranges[record.role].arrange(work, record.collection_id, by=ctx.caller.username)
            work.commit()
        return self.one(request.model_id)

    def reject(self, request: RejectModel, ctx: Context) -> ModelDetail:
        """Raises ConflictError where the model does not wait, or is being compared."""
        with self._changing(request.model_id, ctx) as (work, record):
            if record.state not in _WAITING:
                raise ConflictError(f"Version {record.version} is {record.state}: it waits for nothing.")
            if work.experiments.compares(record.id):
                raise ConflictError(f"Version {record.version} is being compared; stop its comparison.")
            by = ctx.caller.username
            registry.reject(work, record, by=by, reason=request.reason or f"Put aside by {by}.", evidence={})
            if record.kind in registry.WITH_INDEX:
                _give_up_index(work, record)
            self._arranges[record.role].arrange(work, record.collection_id, by=by)
            work.commit()
        return self.one(request.model_id)

    def roll_back(self, request: RollBackModel, ctx: Context) -> ModelDetail:
        """Return from the live model; returns the one that is live then."""
        with self._changing(request.model_id, ctx) as (work, record):
            if record.state != ModelState.LIVE:
                raise ConflictError(f"Version {record.version} is {record.state}: there is nothing to undo.")
            reason = request.reason or f"Rolled back by {ctx.caller.username}."
            to = registry.roll_back(work, record, by=ctx.caller.username, reason=reason, evidence={})
            self._arranges[record.role].arrange(work, record.collection_id, by=ctx.caller.username)
            work.commit()
        return self.one(to.id)

    @contextmanager
    def _changing(self, model_id: str, ctx: Context) -> Iterator[tuple[UnitOfWork, ModelRecord]]:
        """The model in a unit of work that holds its collection.

        Whoever decided looked at the model that was live when the request came: where another one took
        its place since, the later of two decisions is refused.
        """
        with self._database.read() as before:
            model = before.models.get(model_id)
            collection_id, role = model.collection_id, model.role
            seen = before.models.live(collection_id, role)
        with self._database.begin(ctx) as work:
            work.collections.hold(collection_id, alone=True)
            live = work.models.live(collection_id, role)
            if (live and live.id) != (seen and seen.id):
                raise ConflictError("Another model went live just now; look again before you decide.")
            yield work, work.models.get(model_id)


def _give_up_index(work: UnitOfWork, model: ModelRecord) -> None:
    """End what builds an index for a model alone."""
    for job in index_jobs(work.session, model.collection_id, model.embedding_version, model.cutting):
        if job.finished_at is None and not job.payload.get("switch", True):
            request_cancel(work, job)
