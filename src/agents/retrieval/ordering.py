"""From gathered candidates to what is shown."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from src.core.messages.questions import Hit
from src.core.messages.ranking import TrainingPool
from src.core.ports import Vectors
from src.database.repositories.searching import Candidate, LiveIndex
from src.database.uow import Work
from src.services.evaluation.interleaving import Entry, Team
from src.services.ranking.identifiers import share_found
from src.services.ranking.memory import QueryMemory
from src.services.ranking.ranker import FusionWeights, Ranker

from .filters import Allowed
from .fusion import Placed, fuse
from .hits import Shown, folded, hits_of
from .interleaved import first_to_rank, interleave
from .learned import FullPool, PoolReader, ranking
from .plan import Asked, Choice, Plan, Trial
from .pool import Completer, Pool, Stored
from .query import SPARE, SPARE_AT_ONCE, Query
from .stopwatch import Stopwatch

log = logging.getLogger("stoa.retrieval")


@dataclass(frozen=True)
class Begun:
    """A search as far as the database and the lexical indexes know, and the milliseconds that it took,
    altogether and in ``laps``. ``known`` is what SQL holds of the first that have its words."""

    asked: Asked
    indexes: Mapping[str, LiveIndex]
    pool: Pool
    stored: Stored
    known: Mapping[str, Candidate]
    notices: list[str]
    took_ms: float
    laps: Mapping[str, float]


@dataclass(frozen=True)
class Gathered:
    """What both indexes of each collection gave for a query, and the milliseconds that it took to ask them;
    ``vectors`` are the query's, by version."""

    query: Query
    vectors: Mapping[str, Vectors]
    indexes: Mapping[str, LiveIndex]
    pool: Pool
    allowed: Allowed
    known: Mapping[str, Candidate]
    notices: list[str]
    took_ms: float

    def vector(self, index: LiveIndex) -> Vectors:
        """The query's vector for an index; zeros where its model is not to be had."""
        found = self.vectors.get(index.embedding_version)
        return np.zeros(index.dimensions, np.float32) if found is None else found


@dataclass(frozen=True)
class Showing:
    """The hits; where the list was interleaved, whose each is, by passage id, and ``paths_ms``: how long the
    way to each of the two rankings was. A treatment that could not rank has none."""

    hits: tuple[Hit, ...]
    entries: dict[str, Entry] = field(default_factory=dict)
    paths_ms: dict[str, float] = field(default_factory=dict)


@dataclass
class Path:
    """The way to one of two rankings, as if it was gone alone: with what, and the milliseconds so far. What a
    plain ranking would have read instead of a full pool is not counted."""

    plan: Plan
    pools: Mapping[str, FullPool]
    took_ms: float


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
        if trial is not None and trial.treatment is not None:
            return self._interleaved(work, gathered, plan, trial.treatment, trial.seed, watch, beside)
        if _plain(plan, gathered):
            showing = self._plainly(work, gathered, watch)
        else:
            showing = self._learnedly(work, gathered, plan, watch)
        return replace(showing, paths_ms={Team.CONTROL.value: gathered.took_ms}) if trial else showing

    def _plainly(self, work: Work, gathered: Gathered, watch: Stopwatch) -> Showing:
        """Where more than ``SPARE`` passages are folded or gone, more are ranked."""
        query, wanted, known = gathered.query, gathered.query.k + SPARE, gathered.known
        while True:
            shown, known = self._first(work, gathered, wanted, known, watch)
            if len(shown) >= query.k or wanted >= len(gathered.pool.index_of):
                return Showing(hits_of(shown[: query.k], known))
            wanted *= 2

    def _first(
        self, work: Work, gathered: Gathered, wanted: int, known: Mapping[str, Candidate], watch: Stopwatch
    ) -> tuple[list[Shown], Mapping[str, Candidate]]:
        """The first ``wanted`` by the default fusion, folded, and what SQL holds of them beside ``known``."""
        query, pool = gathered.query, gathered.pool
        contenders = pool.contenders(self._weights, wanted, identifiers=bool(query.identifiers))
        unseen = [key for key in contenders if key not in pool.dense]
        stored = self._completer.vectors(work, pool, unseen, gathered.indexes)
        self._completer.add_cosines(pool, stored, gathered.vectors)
        if pool.lexical:
            self._completer.add_words(pool, contenders, query.text)
        watch.lap("complete")
        if query.identifiers:
            found = self._hydrated(work, contenders, known)
            shares = {key: share_found(query.identifiers, item.words) for key, item in found.items()}
            ranked = fuse(found, pool.dense, pool.lexical, shares, self._weights, wanted)
        else:
            ranked = fuse(contenders, pool.dense, pool.lexical, {}, self._weights, wanted)
            found = self._hydrated(work, [item.passage_id for item in ranked], known)
        return folded(ranked, found), found

    def _hydrated(
        self, work: Work, ids: Sequence[str], known: Mapping[str, Candidate]
    ) -> Mapping[str, Candidate]:
        lacking = [key for key in ids if key not in known]
        return {**known, **work.searching.candidates(lacking)} if lacking else known

    def _learnedly(self, work: Work, gathered: Gathered, plan: Plan, watch: Stopwatch) -> Showing:
        query = gathered.query
        pools, found = self._full_pools(work, gathered, (plan,))
        watch.lap("complete")
        ranked = ranking(pools, plan, self._pools.extractor)[: query.k + SPARE_AT_ONCE]
        return Showing(hits_of(folded(ranked, found)[: query.k], found))

    def _interleaved(
        self,
        work: Work,
        gathered: Gathered,
        plan: Plan,
        other: Plan,
        seed: str,
        watch: Stopwatch,
        beside: Gathered | None,
    ) -> Showing:
        """Both rankings in one list. Which one is made first is drawn by lot: the second finds warm what the
        first had to compute."""
        query, extractor = gathered.query, self._pools.extractor
        theirs = beside or gathered
        together = (plan,) if beside is not None else (plan, other)
        pools, found = self._full_pools(work, gathered, together)
        reading = watch.lap("complete")
        control = Path(plan, pools, gathered.took_ms + (0.0 if _plain(plan, gathered) else reading))
        if beside is not None:
            pools, more = self._full_pools(work, beside, (other,))
            found = more | found
            reading = watch.lap("complete")
        spared = _plain(other, theirs)
        treatment = Path(other, pools, theirs.took_ms + (0.0 if spared else reading))
        runners = {Team.CONTROL: control, Team.TREATMENT: treatment}
        placed: dict[Team, list[Placed]] = {}
        for team in first_to_rank(seed):
            runner = runners[team]
            try:
                placed[team] = ranking(runner.pools, runner.plan, extractor)[: query.k + SPARE_AT_ONCE]
            except Exception:
                if team is Team.CONTROL:
                    raise
                log.warning("the model on trial cannot rank %r", query.text, exc_info=True)
            runner.took_ms += watch.lap("rank")
        paths_ms = {team.value: round(runners[team].took_ms, 3) for team in placed}
        if Team.TREATMENT not in placed:
            shown = folded(placed[Team.CONTROL], found)[: query.k]
            return Showing(hits_of(shown, found), paths_ms=paths_ms)
        list_ = interleave(
            placed[Team.CONTROL],
            placed[Team.TREATMENT],
            found,
            query.k,
            seed,
            cut_otherwise=beside is not None and _cuttings(gathered) != _cuttings(beside),
        )
        return Showing(hits_of(list_.shown, found), list_.entries, paths_ms)

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


def _cuttings(gathered: Gathered) -> dict[str, str]:
    """How the documents of each collection are cut that was searched."""
    return {index.collection_id: index.cutting for index in gathered.indexes.values()}


def _plain(plan: Plan, gathered: Gathered) -> bool:
    """Whether nothing was learned that concerns the question."""
    return all(plan[index.id].plain(gathered.vector(index)) for index in gathered.indexes.values())
