"""From gathered candidates to what is shown."""

from __future__ import annotations

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
from .pool import Completer, Pool
from .query import SPARE, Query
from .stopwatch import Stopwatch


@dataclass(frozen=True)
class Gathered:
    """What both indexes of each collection gave for a query."""

    query: Query
    vector: Vectors
    indexes: dict[str, LiveIndex]
    pool: Pool
    allowed: Allowed


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
        self, work: Work, gathered: Gathered, plan: Plan, trial: Trial | None, watch: Stopwatch
    ) -> Showing:
        if trial is None and all(choice.plain(gathered.vector) for choice in plan.values()):
            return self._plainly(work, gathered, watch)
        return self._learnedly(work, gathered, plan, trial, watch)

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
        self, work: Work, gathered: Gathered, plan: Plan, trial: Trial | None, watch: Stopwatch
    ) -> Showing:
        query = gathered.query
        pools, found = self._full_pools(work, gathered, (plan, trial.treatment) if trial else (plan,))
        watch.lap("complete")
        wanted = query.k + SPARE
        extractor = self._pools.extractor
        ranked = ranking(pools, plan, extractor, gathered.vector)[:wanted]
        if trial is None:
            return Showing(hits_of(folded(ranked, found)[: query.k], found))
        treatment = ranking(pools, trial.treatment, extractor, gathered.vector)[:wanted]
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
            self._pools.suggest(work, gathered.pool, index, choices, gathered.vector, gathered.allowed)
            pools[index.id], known = self._pools.read(
                work, gathered.pool, index, gathered.query.text, gathered.vector
            )
            found.update(known)
        return pools, found
