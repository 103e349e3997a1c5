"""Hybrid search over the collections that the caller may read."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

from src.core.agent import Agent, handles
from src.core.clock import new_id
from src.core.context import Context
from src.core.errors import UnavailableError
from src.core.messages.questions import Search, SearchResults
from src.core.messages.ranking import GatherPool, TrainingPool
from src.core.ports import Blobs, LexicalIndex, VectorIndex, Vectors
from src.database.repositories.searching import LiveIndex
from src.database.uow import Database, Work
from src.services.embeddings.versions import Embedders
from src.services.ranking.features import FeatureExtractor
from src.services.ranking.ranker import FusionWeights
from src.services.ranking.signals import standard_features
from src.services.text.analyser import Analyser

from .ahead import Ahead
from .gathering import MISSING, Gatherer, Nearest
from .learned import PoolReader
from .ordering import Begun, Gathered, Ordering, Showing
from .plan import Asked, Trial
from .planning import Planner
from .pool import Completer, Pool
from .query import READ_AHEAD
from .stopwatch import Stopwatch
from .vectors import Expected, QueryVectors

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
        self._ahead = Ahead()
        self._gatherer = Gatherer(vectors, lexical, self._ahead)
        self._completer = Completer(lexical)
        extractor = FeatureExtractor(standard_features())
        pools = PoolReader(self._completer, analyser, extractor)
        self._ordering = Ordering(self._completer, pools, FusionWeights())
        self._planner = Planner(blobs)
        self._expected = Expected(embedders.current.version)

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
        found: Future[Asked] = Future()
        # The model computes in this thread; another one asks the database and the lexical indexes meanwhile.
        words = self._ahead.submit(self._look_up, request, ctx, found)
        embedded = QueryVectors(self._embedders, self._ahead, request.query)
        embedded.compute(self._expected.version(request.collection_ids))
        asked = found.result()
        vectors = embedded.of(asked.versions)
        watch.lap("embed")
        self._expected.note(request.collection_ids, asked.versions)
        nearest = [self._gatherer.by_meaning(each, vectors, asked.allowed) for each in asked.searched]
        watch.lap("dense")
        looked = words.result()
        watch.join(looked[0].laps)
        gathered, *others = (
            self._completed(begun, near, vectors, watch) for begun, near in zip(looked, nearest, strict=True)
        )
        trial, beside = asked.trial, others[0] if others else None
        notices = gathered.notices
        if beside is not None and set(beside.notices) - set(notices):
            # The model on trial cannot show what it can do: that is not for readers to vote on.
            trial = beside = None
        if MISSING in notices and request.model_id is None and self._switched(asked):
            return None
        with self._database.read() as work:
            showing = self._ordering.show(work, gathered, asked.plan, trial, watch, beside)
        watch.lap("rank")
        results = SearchResults(
            query_id=new_id(),
            hits=showing.hits,
            took_ms=watch.stop(),
            index_version=" ".join(index.name for index in asked.indexes.values()),
            notices=tuple(dict.fromkeys(notices)),
        )
        if request.model_id is None:
            self._remember(request, results, asked.indexes, showing, trial, ctx)
        return results

    def _look_up(self, request: Search, ctx: Context, found: Future[Asked]) -> list[Begun]:
        """What the database and the lexical indexes know; ``found`` tells as soon as it is known what is to
        be asked."""
        watch = Stopwatch(ctx.clock)
        try:
            with self._database.read() as work:
                asked = self._planner.asked(work, request, ctx)
                watch.lap("permission")
                found.set_result(asked)
                return [self._begun(work, asked, indexes, watch) for indexes in asked.searched]
        except BaseException as error:
            if not found.done():
                found.set_exception(error)  # whoever waits for it raises it
            raise

    def _begun(self, work: Work, asked: Asked, indexes: Mapping[str, LiveIndex], watch: Stopwatch) -> Begun:
        pool, notices = Pool(), list[str]()
        self._gatherer.by_words(pool, indexes, asked.query.text, asked.allowed, notices)
        took_ms = watch.lap("lexical")
        best = pool.best_by_words(READ_AHEAD)
        stored = self._completer.vectors(work, pool, best, indexes)
        known = work.searching.candidates(best)
        took_ms += watch.lap("vectors")
        return Begun(asked, indexes, pool, stored, known, notices, took_ms, watch.took_ms)

    def _completed(
        self, begun: Begun, nearest: Nearest, vectors: Mapping[str, Vectors], watch: Stopwatch
    ) -> Gathered:
        """With what is found by meaning, in each index in the vectors of its own model."""
        nearest.add_to(begun.pool)
        self._completer.add_cosines(begun.pool, begun.stored, vectors)
        took_ms = begun.took_ms + watch.took_ms["embed"] + nearest.took_ms
        return Gathered(
            query=begun.asked.query,
            vectors=vectors,
            indexes=begun.indexes,
            pool=begun.pool,
            allowed=begun.asked.allowed,
            known=begun.known,
            notices=begun.notices + nearest.notices,
            took_ms=took_ms,
        )

    @handles(GatherPool)
    def training_pool(self, request: GatherPool, ctx: Context) -> TrainingPool:
        search = Search(query=request.query, collection_ids=(request.collection_id,), k=1, memory=False)
        embedded = QueryVectors(self._embedders, self._ahead, request.query)
        watch = Stopwatch(ctx.clock)
        with self._database.read() as work:
            asked = self._planner.asked(work, search, ctx)
            begun = self._begun(work, asked, asked.indexes, watch)
        vectors = embedded.of(asked.versions)
        watch.lap("embed")
        nearest = self._gatherer.by_meaning(asked.indexes, vectors, None)
        gathered = self._completed(begun, nearest, vectors, watch)
        with self._database.read() as work:
            return self._ordering.training_pool(work, gathered)

    def _switched(self, asked: Asked) -> bool:
        with self._database.read() as work:
            return {index.id for index in work.searching.indexes(asked.query.scope)} != asked.indexes.keys()

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
                request=request,
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
            "scores": hit.scores,
        }
        entry = showing.entries.get(hit.passage_id)
        if entry is not None:
            row["team"] = entry.team.value
            row["control_rank"], row["treatment_rank"] = entry.control_rank, entry.treatment_rank
        shown.append(row)
    return shown
