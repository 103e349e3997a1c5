"""Which model ranks, and the proof that another one is better."""

from __future__ import annotations

from src.core.agent import Agent, handles
from src.core.context import Context
from src.core.messages import Page
from src.core.messages.models import (
    GetModel,
    ListModels,
    Model,
    ModelDetail,
    PromoteModel,
    RollBackModel,
)
from src.database.uow import Database

from .models import Models


class ExperimentRunnerAgent(Agent):
    """Proves candidates offline and live, promotes the better one and takes back what turns out worse."""

    name = "experiment_runner"

    def __init__(self, database: Database) -> None:
        self._models = Models(database)

    @handles(ListModels)
    def list_models(self, request: ListModels, ctx: Context) -> Page[Model]:
        return self._models.page(request, ctx)

    @handles(GetModel)
    def get_model(self, request: GetModel, ctx: Context) -> ModelDetail:
        return self._models.one(request.model_id)

    @handles(PromoteModel)
    def promote_model(self, request: PromoteModel, ctx: Context) -> ModelDetail:
        return self._models.promote(request, ctx)

    @handles(RollBackModel)
    def roll_back_model(self, request: RollBackModel, ctx: Context) -> ModelDetail:
        return self._models.roll_back(request, ctx)
