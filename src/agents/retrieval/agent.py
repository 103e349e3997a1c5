"""Hybrid search over the collections that the caller may read."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from src.core.agent import Agent, handles
from src.core.caller import Grants, Scope
from src.core.clock import Clock, new_id
from src.core.context import Context
from src.core.errors import IndexMissingError, UnavailableError
from src.core.messages.questions import Filters, Hit, Scores, Search, SearchResults
from src.core.passages import Location, PassageKind
from src.core.ports import Embedder, LexicalIndex, VectorIndex, Vectors
from src.database.models import DocumentRecord, IndexRecord, PassageRecord, SearchRecord
from src.database.repositories.collections import index_version
from src.database.uow import Database

from .duplicates import fold
from .filters import allowed_passages
from .fusion import Fused, FusionWeights, fuse
from .identifiers import identifiers_of, share_found
from .pool import Pool, PoolBuilder

log = logging.getLogger("stoa.retrieval")

DEPTH = 100
"""Candidates taken from each list."""
SPARE = 10
"""Ranked passages beyond those that are shown, to take the place of what is folded or gone."""


@dataclass(frozen=True)
class Query:
    """A search that can be carried out: without the scope of its caller there is none."""

    text: str
    scope: Scope
    k: int
    filters: Filters | None


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
        grants: Grants,
        embedder: Embedder,
        vectors: VectorIndex,
        lexical: LexicalIndex,
        weights: FusionWeights | None = None,
    ) -> None:
        self._database = database
        self._grants = grants
        self._embedder = embedder
        self._vectors = vectors
        self._lexical = lexical
        self._weights = weights or FusionWeights()
        self._pools = PoolBuilder(database, lexical, embedder.version)
        self._embedding = ThreadPoolExecutor(8, thread_name_prefix="embed-query")

    @handles(Search)
    def search(self, request: Search, ctx: Context) -> SearchResults:
        watch = Stopwatch(ctx.clock)
        # The model computes while this thread asks the database and the lexical index.
        embedding = self._embedding.submit(self._embedder.embed_query, request.query)
        scope = self._grants.scope(ctx.caller, request.collection_ids)
        query = Query(request.query, scope, request.k, request.filters)
        with self._database.read() as work:
            indexes = {record.id: record for record in work.indexes.searched(scope)}
            allowed = allowed_passages(work, scope, request.filters)
        watch.lap("permission")
        pool = Pool()
        notices: list[str] = []
        for index in indexes.values():
            self._search_lexical(pool, index, query, allowed, notices)
        watch.lap("lexical")
        vector = embedding.result()
        watch.lap("embed")
        for index in indexes.values():
            self._search_dense(pool, index, vector, allowed, notices)
        watch.lap("dense")
        ranked = self._rank(pool, indexes, query, vector)
        watch.lap("fuse")
        hits = self._hits(ranked, query)
        watch.lap("hydrate")
        results = SearchResults(
            query_id=new_id(),
            hits=hits,
            took_ms=watch.stop(),
            index_version=" ".join(index_version(record) for record in indexes.values()),
            notices=tuple(dict.fromkeys(notices)),
        )
        self._remember(request, results, query, ctx)
        return results

    def _search_lexical(
        self,
        pool: Pool,
        index: IndexRecord,
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
        index: IndexRecord,
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
        self, pool: Pool, indexes: dict[str, IndexRecord], query: Query, vector: Vectors
    ) -> list[Fused]:
        wanted = query.k + SPARE
        identifiers = identifiers_of(query.text)
        contenders = pool.contenders(self._weights, wanted, identifiers=bool(identifiers))
        self._pools.complete(pool, contenders, indexes, vector, query.text)
        shares: dict[str, float] = {}
        if identifiers:
            with self._database.read() as work:
                words = work.passages.words(contenders)
            shares = {key: share_found(identifiers, text) for key, text in words.items()}
        return fuse(contenders, pool.dense, pool.lexical, shares, self._weights)[:wanted]

    def _hits(self, ranked: Sequence[Fused], query: Query) -> tuple[Hit, ...]:
        """The first ``k`` after folding. What has left SQL meanwhile is left out."""
        with self._database.read() as work:
            found = work.passages.with_documents([item.passage_id for item in ranked])
            shown = [item for item in ranked if item.passage_id in found]
            texts = [(item.passage_id, found[item.passage_id].PassageRecord.text) for item in shown]
            folded = fold(texts)
            by_id = {item.passage_id: item for item in shown}
            return tuple(
                _hit(rank, by_id[kept], found[kept].PassageRecord, found[kept].DocumentRecord, duplicates)
                for rank, (kept, duplicates) in enumerate(folded[: query.k], start=1)
            )

    def _remember(self, request: Search, results: SearchResults, query: Query, ctx: Context) -> None:
        with self._database.begin(ctx, relaxed=True) as work:
            work.searches.add(
                SearchRecord(
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
                    took_ms=results.took_ms,
                    at=ctx.clock.now(),
                )
            )
            work.commit()


_OUTDATED = (
    "A collection's index was made with another model or analysis and is being rebuilt; "
    "until then it is searched by less."
)
_NO_VECTORS = "The vector store cannot be reached; this search went by words only."
_MISSING = "A collection's index is missing and is being rebuilt; `run.py reindex` does it at once."


def _hit(
    rank: int, item: Fused, passage: PassageRecord, document: DocumentRecord, duplicates: tuple[str, ...]
) -> Hit:
    return Hit(
        rank=rank,
        passage_id=passage.id,
        document_id=document.id,
        collection_id=document.collection_id,
        external_id=document.external_id,
        title=document.title,
        uri=document.uri,
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
