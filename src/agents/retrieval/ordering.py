"""From gathered candidates to what is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from src.core.messages.questions import Hit
from src.core.messages.ranking import TrainingPool
from src.core.ports import Vectors
from src.database.repositories.searching import Candidate, LiveIndex
from src.database.uow import Work
from src.services.evaluation.interleaving import Entry
from src.services.ranking.identifiers import share_found
from src.services.ranking.memory import QueryMemory
from src.services.ranking.ranker import FusionWeights, Ranker

from .filters import Allowed
from .fusion import fuse
from .hits import folded, hits_of
from .interleaved import interleave
from .learned import FullPool, PoolReader, ranking
from .plan import Choice, Plan, Trial
from .pool import Completer, Pool, Stored
from .query import SPARE, Query
from .stopwatch import Stopwatch


@dataclass(frozen=True)
class Begun:
    """A search as far as the database and the lexical indexes know."""

    query: Query
    indexes: Mapping[str, LiveIndex]
    pool: Pool
    allowed: Allowed
    stored: Stored


@dataclass(frozen=True)
class Gathered:
    """What both indexes of each collection gave for a query; ``vectors`` are the query's, by version."""

    query: Query
    vectors: Mapping[str, Vectors]
    indexes: Mapping[str, LiveIndex]
    pool: Pool
    allowed: Allowed

    def vector(self, index: LiveIndex) -> Vectors:
        """The query's vector for an index; zeros where its model is not to be had."""
        found = self.vectors.get(index.embedding_version)
        return np.zeros(index.dimensions, np.float32) if found is None else found


@dataclass(frozen=True)
class Showing:
    """The hits; where the list was interleaved, whose each is, by passage id."""

    hits: tuple[Hit, ...]
    entries: dict[str, Entry] = field(default_factory=dict)


class Ordering:
    """Ranks as the plan says. Where nothing was learned that concerns the question, only the candidates
    that can still be among the first are read; else a full pool of each index."""

    def __init__(self, completer: Completer, pools: PoolReader, weights: FusionWeights) -> None:
        self._completer = completer
        self._pools = pools
        self._weights = weights

    def show(
        self,
        work: Work,
        gathered: Gathered,
        plan: Plan,
        trial: Trial | None,
        watch: Stopwatch,
        beside: Gathered | None = None,
    ) -> Showing:
        """``beside`` is what the trial's own indexes gave, where its model ranks another index."""
        if trial is None and all(
            plan[index.id].plain(gathered.vector(index)) for index in gathered.indexes.values()
        ):
            return self._plainly(work, gathered, watch)
        return self._learnedly(work, gathered, plan, trial, watch, beside)

    def _plainly(self, work: Work, gathered: Gathered, watch: Stopwatch) -> Showing:
        query, pool = gathered.query, gathered.pool
        wanted = query.k + SPARE
        contenders = pool.contenders(self._weights, wanted, identifiers=bool(query.identifiers))
        if pool.lexical:
            self._completer.add_words(pool, contenders, query.text)
        watch.lap("complete")
        if query.identifiers:
            found = work.searching.candidates(contenders)
            shares = {key: share_found(query.identifiers, item.words) for key, item in found.items()}
            ranked = fuse(found, pool.dense, pool.lexical, shares, self._weights, wanted)
        else:
            ranked = fuse(contenders, pool.dense, pool.lexical, {}, self._weights, wanted)
            found = work.searching.candidates([item.passage_id for item in ranked])
        return Showing(hits_of(folded(ranked, found)[: query.k], found))

    def _learnedly(
        self,
        work: Work,
        gathered: Gathered,
        plan: Plan,
        trial: Trial | None,
        watch: Stopwatch,
        beside: Gathered | None,
    ) -> Showing:
        query = gathered.query
        together = (plan, trial.treatment) if trial and beside is None else (plan,)
        pools, found = self._full_pools(work, gathered, together)
        wanted = query.k + SPARE
        extractor = self._pools.extractor
        ranked = ranking(pools, plan, extractor)[:wanted]
        if trial is None:
            watch.lap("complete")
            return Showing(hits_of(folded(ranked, found)[: query.k], found))
        if beside is not None:
            pools, more = self._full_pools(work, beside, (trial.treatment,))
            found = more | found
        watch.lap("complete")
        treatment = ranking(pools, trial.treatment, extractor)[:wanted]
        list_ = interleave(ranked, treatment, found, query.k, trial.seed)
        return Showing(hits_of(list_.shown, found), list_.entries)

    def training_pool(self, work: Work, gathered: Gathered) -> TrainingPool:
        """The full pool of a collection; empty where it has no index yet."""
        start = Ranker(self._weights)
        plan = dict.fromkeys(gathered.indexes, Choice(start, QueryMemory()))
        pools, found = self._full_pools(work, gathered, (plan,))
        extractor = self._pools.extractor
        pool = next(iter(pools.values()), None)
        if pool is None:
            return TrainingPool(
                passage_ids=(),
                content_keys=(),
                external_ids=(),
                names=extractor.names,
                features=(),
                dense=(),
                fused=(),
            )
        ids = [candidate.passage_id for candidate in pool.question.candidates]
        return TrainingPool(
            passage_ids=tuple(ids),
            content_keys=pool.keys,
            external_ids=tuple(found[key].external_id for key in ids),
            names=extractor.names,
            features=tuple(map(tuple, extractor.extract(pool.question).tolist())),
            dense=tuple(pool.question.dense.tolist()),
            fused=tuple(np.sum(list(start.fusion_parts(pool.question).values()), axis=0).tolist()),
        )

    def _full_pools(
        self, work: Work, gathered: Gathered, plans: tuple[Plan, ...]
    ) -> tuple[dict[str, FullPool], dict[str, Candidate]]:
        """The pool of each index as the plans' rankers want it, and what SQL holds of the candidates."""
        pools: dict[str, FullPool] = {}
        found: dict[str, Candidate] = {}
        for index in gathered.indexes.values():
            choices: list[Choice] = [plan[index.id] for plan in plans]
            vector = gathered.vector(index)
            self._pools.suggest(work, gathered.pool, index, choices, vector, gathered.allowed)
            pools[index.id], known = self._pools.read(work, gathered.pool, index, gathered.query.text, vector)
            found.update(known)
        return pools, found
