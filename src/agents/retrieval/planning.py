"""Looks up what a search asks and which model ranks it, as SQL says at this moment."""

from __future__ import annotations

from collections.abc import Mapping

from src.core.context import Context
from src.core.errors import ForbiddenError, NotFoundError
from src.core.messages.base import Target
from src.core.messages.questions import Search
from src.core.ports import Blobs
from src.database.grants import grant_on, searched_by
from src.database.repositories.searching import LiveIndex
from src.database.uow import Work
from src.services.ranking.ranker import Ranker
from src.services.text.questions import question_key

from .filters import allowed_passages
from .plan import Asked, Choice, Plan, Trial, forgetful, in_place_of, ranked_by, trial_of
from .query import Query
from .rankers import Memories, Rankers


class Planner:
    """Reads permission, indexes, models and a running experiment in one snapshot."""

    def __init__(self, blobs: Blobs) -> None:
        self._rankers = Rankers(blobs)
        self._memories = Memories()

    def asked(self, work: Work, request: Search, ctx: Context) -> Asked:
        """Raises NotFoundError for a collection or model that the caller may not read, ForbiddenError for a
        replay by one who may not change the collection."""
        scope, live = searched_by(work, ctx.caller, request.collection_ids)
        query = Query(request.query, scope, request.k, request.filters)
        indexes = {index.id: index for index in live}
        trial = None
        if request.model_id is not None:
            plan, indexes = self._replay(work, request.model_id, indexes, query, ctx)
        elif not request.memory:
            plan = forgetful(self._plan(work, indexes, ctx))
        else:
            plan = self._plan(work, indexes, ctx)
            trial = self._trial(work, indexes, plan, query, ctx)
        return Asked(query, indexes, plan, trial, allowed_passages(work, scope, request.filters))

    def _plan(self, work: Work, indexes: Mapping[str, LiveIndex], ctx: Context) -> Plan:
        """The live ranker of each index with the memory of its collection."""
        return {index.id: self._choice(work, index, self._ranker(index), ctx) for index in indexes.values()}

    def _ranker(self, index: LiveIndex) -> Ranker:
        """A search never fails for a model: the default stands in for one that is lost."""
        return self._rankers.usable(index.artefact, index) or self._rankers.default

    def _choice(self, work: Work, index: LiveIndex, ranker: Ranker, ctx: Context) -> Choice:
        return Choice(ranker, self._memories.of(work, index, ctx.clock.now()))

    def _replay(
        self, work: Work, model_id: str, indexes: Mapping[str, LiveIndex], query: Query, ctx: Context
    ) -> tuple[Plan, dict[str, LiveIndex]]:
        """The plan with a named model in the place of its collection's live one, and the indexes it ranks:
        where it names an embedding version or a cutting, the index of that.

        It remembers nothing of this very question: a replay tells how well a model answers, and would else
        tell how firmly it clings to the votes that the answer is judged by.
        """
        grant = grant_on(work, ctx.caller, Target.MODEL, model_id)
        if grant is None or not grant.may_read:
            raise NotFoundError(f"There is no model {model_id}.")
        if not grant.may_write:
            raise ForbiddenError("Only those who may change a collection replay its models.")
        model, key = work.models.get(model_id), question_key(query.text)
        others = {k: each for k, each in indexes.items() if each.collection_id != grant.collection_id}
        plan = {**self._plan(work, others, ctx)}
        for live in indexes.values():
            if live.collection_id == grant.collection_id:
                index = ranked_by(work, model, live)
                others[index.id] = index
                choice = self._choice(work, index, self._rankers.of(model.artefact, index), ctx)
                plan[index.id] = Choice(choice.ranker, choice.memory.without(key))
        return plan, others

    def _trial(
        self, work: Work, indexes: Mapping[str, LiveIndex], plan: Plan, query: Query, ctx: Context
    ) -> Trial | None:
        """The experiment that this search takes part in: those of Stoa's own agents never do."""
        reader = ctx.caller.user_id
        if reader is None:
            return None
        key = question_key(query.text)
        index = trial_of(indexes, reader, key)
        if index is None or index.experiment_id is None:
            return None
        seed = f"{index.experiment_id}:{reader}:{key}"
        own = index
        if index.tried_beside:
            record = work.indexes.find(index.treatment_index or "")
            if record is None:
                return None
            own = in_place_of(index, record)
        ranker = self._rankers.usable(index.treatment_artefact, own)
        if ranker is None:
            return Trial(index.experiment_id, seed, None)
        treatment = {**plan, own.id: self._choice(work, own, ranker, ctx)}
        if own is index:
            return Trial(index.experiment_id, seed, treatment)
        others = {each: other for each, other in indexes.items() if each != index.id}
        return Trial(index.experiment_id, seed, treatment, {**others, own.id: own})
