"""Hybrid search over the collections that the caller may read."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from src.core.agent import Agent, handles
from src.core.caller import Scope
from src.core.clock import new_id
from src.core.context import Context
from src.core.errors import ForbiddenError, NotFoundError, UnavailableError
from src.core.messages.base import Target
from src.core.messages.questions import Search, SearchResults
from src.core.messages.ranking import GatherPool, TrainingPool
from src.core.ports import Blobs, LexicalIndex, VectorIndex
from src.database.grants import grant_on, searched_by
from src.database.repositories.searching import LiveIndex
from src.database.uow import Database, Work
from src.services.embeddings.versions import Embedders
from src.services.ranking.features import FeatureExtractor
from src.services.ranking.ranker import FusionWeights, Ranker
from src.services.ranking.signals import standard_features
from src.services.text.analyser import Analyser
from src.services.text.questions import question_key

from .filters import Allowed, allowed_passages
from .gathering import MISSING, Gatherer
from .learned import PoolReader
from .ordering import Begun, Gathered, Ordering, Showing
from .plan import Choice, Plan, Trial, forgetful, in_place_of, ranked_by, trial_of
from .pool import Completer, Pool
from .query import COMPARED_AHEAD, READ_AHEAD, Query
from .rankers import Memories, Rankers
from .stopwatch import Stopwatch
from .vectors import QueryVectors

_SWITCHES = 3
"""How often a search begins anew when what it asks is switched under it."""


class RetrievalAgent(Agent):
    """Finds passages by meaning and by words, and ranks them by what readers taught."""

    name = "retrieval"

    def __init__(
        self,
        database: Database,
        blobs: Blobs,
        embedders: Embedders,
        vectors: VectorIndex,
        lexical: LexicalIndex,
        analyser: Analyser,
    ) -> None:
        self._database = database
        self._embedders = embedders
        # A search by meaning waits for its vector, which was begun before it: there is always room for one.
        self._ahead = ThreadPoolExecutor(16, thread_name_prefix="search-ahead")
        self._gatherer = Gatherer(vectors, lexical, self._ahead)
        self._completer = Completer(lexical)
        extractor = FeatureExtractor(standard_features())
        pools = PoolReader(self._completer, analyser, extractor)
        self._ordering = Ordering(self._completer, pools, FusionWeights())
        self._rankers = Rankers(blobs)
        self._memories = Memories()

    @handles(Search)
    def search(self, request: Search, ctx: Context) -> SearchResults:
        watch = Stopwatch(ctx.clock)
        for _ in range(_SWITCHES):
            results = self._searched(request, ctx, watch)
            if results is not None:
                return results
        raise UnavailableError("The indexes are being switched over and over; ask again.")

    def _searched(self, request: Search, ctx: Context, watch: Stopwatch) -> SearchResults | None:
        """None where an index was switched and dropped between finding and asking it: look again."""
        notices: list[str] = []
        # The model computes while this thread asks the database and the lexical index for all they know.
        embedded = QueryVectors(self._embedders, self._ahead, request.query)
        with self._database.read() as work:
            scope, live = searched_by(work, ctx.caller, request.collection_ids)
            query = Query(request.query, scope, request.k, request.filters)
            indexes = {index.id: index for index in live}
            if request.model_id is not None:
                plan, indexes = self._replay(work, request.model_id, indexes, query, ctx)
                trial = None
            elif not request.memory:
                plan, trial = forgetful(self._plan(work, indexes, ctx)), None
            else:
                plan = self._plan(work, indexes, ctx)
                trial = self._trial(work, indexes, plan, query, ctx)
            allowed = allowed_passages(work, scope, request.filters)
            watch.lap("permission")
            begun = self._begun(work, query, indexes, embedded, allowed, notices, watch)
            apart, lacking = None, list[str]()
            if trial is not None and trial.indexes is not None:
                apart = self._begun(work, query, trial.indexes, embedded, allowed, lacking, watch)
        gathered = self._completed(begun, embedded, notices, watch)
        beside = self._completed(apart, embedded, lacking, watch) if apart is not None else None
        if set(lacking) - set(notices):
            # The model on trial cannot show what it can do: that is not for readers to vote on.
            trial = beside = None
        if MISSING in notices and request.model_id is None and self._switched(scope, indexes):
            return None
        with self._database.read() as work:
            showing = self._ordering.show(work, gathered, plan, trial, watch, beside)
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

    def _begun(
        self,
        work: Work,
        query: Query,
        indexes: Mapping[str, LiveIndex],
        embedded: QueryVectors,
        allowed: Allowed,
        notices: list[str],
        watch: Stopwatch,
    ) -> Begun:
        """What the database and the lexical indexes know; the vector indexes are asked meanwhile."""
        nearest = self._gatherer.begin_by_meaning(indexes, embedded, allowed)
        pool = Pool()
        self._gatherer.by_words(pool, indexes, query.text, allowed, notices)
        took_ms = watch.lap("lexical")
        best = pool.best_by_words(COMPARED_AHEAD)
        stored = self._completer.vectors(work, pool, best, indexes)
        known = work.searching.candidates(best[:READ_AHEAD])
        took_ms += watch.lap("vectors")
        return Begun(query, indexes, pool, allowed, stored, known, nearest, took_ms)

    def _completed(
        self, begun: Begun, embedded: QueryVectors, notices: list[str], watch: Stopwatch
    ) -> Gathered:
        """With what is found by meaning, in each index in the vectors of its own model."""
        pool = begun.pool
        vectors = embedded.of(index.embedding_version for index in begun.indexes.values())
        watch.lap("embed")
        # All embeddings are computed at the same time: the last of them waited for as long as the others.
        took_ms = begun.took_ms + watch.took_ms["embed"]
        took_ms += self._gatherer.by_meaning(pool, begun.nearest, notices)
        watch.lap("dense")
        self._completer.add_cosines(pool, begun.stored, vectors)
        return Gathered(begun.query, vectors, begun.indexes, pool, begun.allowed, begun.known, took_ms)

    @handles(GatherPool)
    def training_pool(self, request: GatherPool, ctx: Context) -> TrainingPool:
        watch = Stopwatch(ctx.clock)
        embedded = QueryVectors(self._embedders, self._ahead, request.query)
        with self._database.read() as work:
            scope, live = searched_by(work, ctx.caller, (request.collection_id,))
            indexes = {index.id: index for index in live}
            query = Query(request.query, scope, 1, None)
            begun = self._begun(work, query, indexes, embedded, None, [], watch)
        gathered = self._completed(begun, embedded, [], watch)
        with self._database.read() as work:
            return self._ordering.training_pool(work, gathered)

    def _switched(self, scope: Scope, indexes: Mapping[str, LiveIndex]) -> bool:
        with self._database.read() as work:
            return {index.id for index in work.searching.indexes(scope)} != indexes.keys()

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
        where it names an embedding version, the index of that version.

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
        if index.treatment_version not in (None, index.embedding_version):
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
                took_ms={**results.took_ms, **showing.paths_ms},
                at=ctx.clock.now(),
            )
            work.conclude()


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
