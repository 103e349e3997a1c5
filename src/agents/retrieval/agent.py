"""Hybrid search over the collections that the caller may read."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from src.core.agent import Agent, handles
from src.core.clock import Clock, new_id
from src.core.context import Context
from src.core.errors import IndexMissingError, UnavailableError
from src.core.messages.questions import Hit, Scores, Search, SearchResults
from src.core.passages import Location, PassageKind
from src.core.ports import Embedder, LexicalIndex, VectorIndex, Vectors
from src.database.grants import scope_of
from src.database.repositories.collections import LiveIndex
from src.database.repositories.passages import Candidate
from src.database.uow import Database, Work

from .duplicates import fold
from .filters import allowed_passages
from .fusion import Fused, FusionWeights, fuse
from .identifiers import share_found
from .pool import Completer, Pool
from .query import DEPTH, SPARE, Query

log = logging.getLogger("stoa.retrieval")


@dataclass
class Stopwatch:
    """The time of each stage in milliseconds."""

    clock: Clock
    took_ms: dict[str, float] = field(default_factory=dict)
    _last: float = 0.0
    _first: float = 0.0

    def __post_init__(self) -> None:
        self._first = self._last = self.clock.monotonic()

    def lap(self, stage: str) -> None:
        now = self.clock.monotonic()
        self.took_ms[stage] = round((now - self._last) * 1000, 3)
        self._last = now

    def stop(self) -> dict[str, float]:
        self.took_ms["total"] = round((self.clock.monotonic() - self._first) * 1000, 3)
        return self.took_ms


class RetrievalAgent(Agent):
    """Finds passages by meaning and by words, and fuses both into one ranking."""

    name = "retrieval"

    def __init__(
        self,
        database: Database,
        embedder: Embedder,
        vectors: VectorIndex,
        lexical: LexicalIndex,
        weights: FusionWeights | None = None,
    ) -> None:
        self._database = database
        self._embedder = embedder
        self._vectors = vectors
        self._lexical = lexical
        self._weights = weights or FusionWeights()
        self._completer = Completer(lexical, embedder.version)
        self._embedding = ThreadPoolExecutor(8, thread_name_prefix="embed-query")

    @handles(Search)
    def search(self, request: Search, ctx: Context) -> SearchResults:
        watch = Stopwatch(ctx.clock)
        # The model computes while this thread asks the database and the lexical index for all they know.
        embedding = self._embedding.submit(self._embedder.embed_query, request.query)
        with self._database.read() as work:
            scope = scope_of(work, ctx.caller, request.collection_ids)
            query = Query(request.query, scope, request.k, request.filters)
            indexes = {index.id: index for index in work.indexes.searched(scope)}
            allowed = allowed_passages(work, scope, request.filters)
            watch.lap("permission")
            pool = Pool()
            notices: list[str] = []
            for index in indexes.values():
                self._search_lexical(pool, index, query, allowed, notices)
            watch.lap("lexical")
            keys, stored = self._completer.vectors(work, pool, indexes)
        watch.lap("vectors")
        vector = embedding.result()
        watch.lap("embed")
        for index in indexes.values():
            self._search_dense(pool, index, vector, allowed, notices)
        watch.lap("dense")
        self._completer.add_cosines(pool, keys, stored, vector)
        contenders = pool.contenders(self._weights, query.k + SPARE, identifiers=bool(query.identifiers))
        if pool.lexical:
            self._completer.add_words(pool, contenders, query.text)
        watch.lap("complete")
        with self._database.read() as work:
            ranked, found = self._rank(work, contenders, pool, query)
        watch.lap("rank")
        hits = _hits(ranked, found, query.k)
        watch.lap("fold")
        results = SearchResults(
            query_id=new_id(),
            hits=hits,
            took_ms=watch.stop(),
            index_version=" ".join(index.name for index in indexes.values()),
            notices=tuple(dict.fromkeys(notices)),
        )
        self._remember(request, results, query, ctx)
        return results

    def _search_lexical(
        self,
        pool: Pool,
        index: LiveIndex,
        query: Query,
        allowed: dict[str, set[str]] | None,
        notices: list[str],
    ) -> None:
        among = None if allowed is None else allowed[index.collection_id]
        if among is not None and not among:
            return
        if index.lexical_version != self._lexical.version:
            notices.append(_OUTDATED)
            return
        try:
            pool.add_lexical(index.id, self._lexical.search(index.id, query.text, DEPTH, among), DEPTH)
        except IndexMissingError:
            notices.append(_MISSING)

    def _search_dense(
        self,
        pool: Pool,
        index: LiveIndex,
        vector: Vectors,
        allowed: dict[str, set[str]] | None,
        notices: list[str],
    ) -> None:
        among = None if allowed is None else allowed[index.collection_id]
        if among is not None and not among:
            return
        if index.embedding_version != self._embedder.version:
            # Vectors of two models say nothing about each other: words only until it is rebuilt.
            notices.append(_OUTDATED)
            return
        try:
            pool.add_dense(index.id, self._vectors.search(index.id, vector, DEPTH, among), DEPTH)
        except IndexMissingError:
            notices.append(_MISSING)
        except UnavailableError as error:
            log.warning("searching by words only: %s", error.detail)
            notices.append(_NO_VECTORS)

    def _rank(
        self, work: Work, contenders: Sequence[str], pool: Pool, query: Query
    ) -> tuple[list[Fused], dict[str, Candidate]]:
        """The first of the contenders, and what SQL still holds of them."""
        wanted = query.k + SPARE
        if not query.identifiers:
            ranked = fuse(contenders, pool.dense, pool.lexical, {}, self._weights, wanted)
            return ranked, work.passages.candidates([item.passage_id for item in ranked])
        found = work.passages.candidates(contenders)
        shares = {key: share_found(query.identifiers, item.words) for key, item in found.items()}
        return fuse(found, pool.dense, pool.lexical, shares, self._weights, wanted), found

    def _remember(self, request: Search, results: SearchResults, query: Query, ctx: Context) -> None:
        with self._database.begin(ctx, relaxed=True) as work:
            work.searches.keep(
                id=results.query_id,
                user_id=ctx.caller.user_id,
                query=request.query,
                request=request.model_dump(mode="json"),
                collection_ids=sorted(query.scope.collection_ids),
                hits=[
                    {
                        "rank": hit.rank,
                        "passage_id": hit.passage_id,
                        "document_id": hit.document_id,
                        "scores": hit.scores.model_dump(),
                    }
                    for hit in results.hits
                ],
                index_version=results.index_version,
                models={},
                experiment_id=None,
                took_ms=results.took_ms,
                at=ctx.clock.now(),
            )
            work.commit()


_OUTDATED = (
    "A collection's index was made with another model or analysis and is being rebuilt; "
    "until then it is searched by less."
)
_NO_VECTORS = "The vector store cannot be reached; this search went by words only."
_MISSING = "A collection's index is missing and is being rebuilt; `run.py reindex` does it at once."


def _hits(ranked: Sequence[Fused], found: dict[str, Candidate], k: int) -> tuple[Hit, ...]:
    """The first ``k`` after folding."""
    by_id = {item.passage_id: item for item in ranked if item.passage_id in found}
    folded = fold([(key, found[key].text) for key in by_id])
    return tuple(
        _hit(rank, by_id[kept], found[kept], duplicates)
        for rank, (kept, duplicates) in enumerate(folded[:k], start=1)
    )


def _hit(rank: int, item: Fused, passage: Candidate, duplicates: tuple[str, ...]) -> Hit:
    return Hit(
        rank=rank,
        passage_id=passage.passage_id,
        document_id=passage.document_id,
        collection_id=passage.collection_id,
        external_id=passage.external_id,
        title=passage.title,
        uri=passage.uri,
        kind=PassageKind(passage.kind),
        symbol=passage.symbol,
        context=passage.context,
        text=passage.text,
        location=Location.model_validate(passage.location),
        attributes=passage.attributes,
        score=item.fused,
        scores=Scores(dense=item.dense, lexical=item.lexical, identifier=item.identifier, fused=item.fused),
        duplicates=duplicates,
    )
