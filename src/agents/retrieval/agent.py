"""Hybrid search over the collections that the caller may read."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from src.core.agent import Agent, handles
from src.core.caller import Caller
from src.core.clock import new_id
from src.core.context import Context
from src.core.errors import ForbiddenError, NotFoundError
from src.core.messages.base import Target
from src.core.messages.questions import Search, SearchResults
from src.core.messages.ranking import GatherPool, TrainingPool
from src.core.ports import Blobs, Embedder, LexicalIndex, VectorIndex
from src.database.grants import grant_on, scope_of
from src.database.repositories.searching import LiveIndex
from src.database.uow import Database, Work
from src.services.ranking.features import FeatureExtractor
from src.services.ranking.ranker import FusionWeights
from src.services.ranking.signals import standard_features
from src.services.text.analyser import Analyser
from src.services.text.questions import question_key

from .filters import allowed_passages
from .gathering import Gatherer
from .learned import PoolReader
from .ordering import Gathered, Ordering, Showing
from .plan import Choice, Plan, Trial, trial_of
from .pool import Completer, Pool
from .query import Query
from .rankers import Memories, Rankers
from .stopwatch import Stopwatch


class RetrievalAgent(Agent):
    """Finds passages by meaning and by words, and ranks them by what readers taught."""

    name = "retrieval"

    def __init__(
        self,
        database: Database,
        blobs: Blobs,
        embedder: Embedder,
        vectors: VectorIndex,
        lexical: LexicalIndex,
        analyser: Analyser,
    ) -> None:
        self._database = database
        self._embedder = embedder
        self._gatherer = Gatherer(vectors, lexical, embedder.version)
        self._completer = Completer(lexical, embedder.version)
        extractor = FeatureExtractor(standard_features())
        pools = PoolReader(self._completer, analyser, extractor, embedder.version)
        self._ordering = Ordering(self._completer, pools, FusionWeights())
        self._rankers = Rankers(blobs, embedder)
        self._memories = Memories(embedder)
        self._embedding = ThreadPoolExecutor(8, thread_name_prefix="embed-query")

    @handles(Search)
    def search(self, request: Search, ctx: Context) -> SearchResults:
        watch = Stopwatch(ctx.clock)
        pool = Pool()
        notices: list[str] = []
        # The model computes while this thread asks the database and the lexical index for all they know.
        embedding = self._embedding.submit(self._embedder.embed_query, request.query)
        with self._database.read() as work:
            scope = scope_of(work, ctx.caller, request.collection_ids)
            query = Query(request.query, scope, request.k, request.filters)
            indexes = {index.id: index for index in work.searching.indexes(scope)}
            allowed = allowed_passages(work, scope, request.filters)
            plan: Plan = self._plan(work, indexes, ctx)
            if request.model_id is not None:
                plan, trial = self._replay(work, request.model_id, indexes, plan, query, ctx.caller), None
            else:
                trial = self._trial(indexes, plan, query, ctx.caller)
            watch.lap("permission")
            self._gatherer.by_words(pool, indexes, query.text, allowed, notices)
            watch.lap("lexical")
            keys, stored = self._completer.vectors(work, pool, indexes)
        watch.lap("vectors")
        vector = embedding.result()
        watch.lap("embed")
        self._gatherer.by_meaning(pool, indexes, vector, allowed, notices)
        watch.lap("dense")
        self._completer.add_cosines(pool, keys, stored, vector)
        with self._database.read() as work:
            gathered = Gathered(query, vector, indexes, pool, allowed)
            showing = self._ordering.show(work, gathered, plan, trial, watch)
        watch.lap("rank")
        results = SearchResults(
            query_id=new_id(),
            hits=showing.hits,
            took_ms=watch.stop(),
            index_version=" ".join(index.name for index in indexes.values()),
            notices=tuple(dict.fromkeys(notices)),
        )
        if request.model_id is None:
            self._remember(request, results, indexes, showing, trial, ctx)
        return results

    @handles(GatherPool)
    def training_pool(self, request: GatherPool, ctx: Context) -> TrainingPool:
        vector = self._embedder.embed_query(request.query)
        pool = Pool()
        notices: list[str] = []
        with self._database.read() as work:
            scope = scope_of(work, ctx.caller, (request.collection_id,))
            indexes = {index.id: index for index in work.searching.indexes(scope)}
            self._gatherer.by_words(pool, indexes, request.query, None, notices)
            keys, stored = self._completer.vectors(work, pool, indexes)
        self._gatherer.by_meaning(pool, indexes, vector, None, notices)
        self._completer.add_cosines(pool, keys, stored, vector)
        gathered = Gathered(Query(request.query, scope, 1, None), vector, indexes, pool, None)
        with self._database.read() as work:
            return self._ordering.training_pool(work, gathered)

    def _plan(self, work: Work, indexes: Mapping[str, LiveIndex], ctx: Context) -> Plan:
        """The live ranker of each index with the memory of its collection."""
        now = ctx.clock.now()
        return {
            index.id: Choice(
                self._rankers.usable(index.artefact),
                self._memories.of(work, index.collection_id, index.memory_version, now),
            )
            for index in indexes.values()
        }

    def _replay(
        self,
        work: Work,
        model_id: str,
        indexes: Mapping[str, LiveIndex],
        plan: Plan,
        query: Query,
        caller: Caller,
    ) -> Plan:
        """The plan with a named model in the place of its collection's live one.

        It remembers nothing of this very question: a replay tells how well a model answers, and would else
        tell how firmly it clings to the votes that the answer is judged by.
        """
        grant = grant_on(work, caller, Target.MODEL, model_id)
        if grant is None or not grant.may_read:
            raise NotFoundError(f"There is no model {model_id}.")
        if not grant.may_write:
            raise ForbiddenError("Only those who may change a collection replay its models.")
        artefact, key = work.models.get(model_id).artefact, question_key(query.text)
        return {
            index.id: Choice(self._rankers.of(artefact), plan[index.id].memory.without(key))
            if index.collection_id == grant.collection_id
            else plan[index.id]
            for index in indexes.values()
        }

    def _trial(
        self, indexes: Mapping[str, LiveIndex], plan: Plan, query: Query, caller: Caller
    ) -> Trial | None:
        """The experiment that this search takes part in: those of Stoa's own agents never do."""
        if caller.user_id is None:
            return None
        key = question_key(query.text)
        index = trial_of(indexes, caller.user_id, key)
        if index is None or index.experiment_id is None:
            return None
        treatment = Choice(self._rankers.usable(index.treatment_artefact), plan[index.id].memory)
        seed = f"{index.experiment_id}:{caller.user_id}:{key}"
        return Trial(index.experiment_id, seed, {**plan, index.id: treatment})

    def _remember(
        self,
        request: Search,
        results: SearchResults,
        indexes: Mapping[str, LiveIndex],
        showing: Showing,
        trial: Trial | None,
        ctx: Context,
    ) -> None:
        with self._database.begin(ctx, relaxed=True) as work:
            work.searching.keep(
                id=results.query_id,
                user_id=ctx.caller.user_id,
                query=request.query,
                request=request.model_dump(mode="json"),
                collection_ids=sorted(index.collection_id for index in indexes.values()),
                hits=_shown(results, showing),
                index_version=results.index_version,
                models={i.collection_id: i.model_id for i in indexes.values() if i.model_id is not None},
                experiment_id=trial.experiment_id if trial else None,
                took_ms=results.took_ms,
                at=ctx.clock.now(),
            )
            work.commit()


def _shown(results: SearchResults, showing: Showing) -> list[dict[str, Any]]:
    shown = []
    for hit in results.hits:
        row: dict[str, Any] = {
            "rank": hit.rank,
            "passage_id": hit.passage_id,
            "document_id": hit.document_id,
            "scores": hit.scores.model_dump(),
        }
        entry = showing.entries.get(hit.passage_id)
        if entry is not None:
            row["team"] = entry.team.value
            row["control_rank"], row["treatment_rank"] = entry.control_rank, entry.treatment_rank
        shown.append(row)
    return shown
