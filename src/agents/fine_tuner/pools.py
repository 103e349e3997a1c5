"""The candidates of each question, as retrieval gathers them."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict

import numpy as np

from src.core.jobs import JobRun
from src.core.messages.ranking import GatherPool
from src.database.repositories.pools import (
    corpus_revision,
    drop_pools,
    keep_pools,
    kept_pools,
    pooled_questions,
)
from src.database.uow import Database
from src.services.ranking.ranker import FusionWeights
from src.services.ranking.signals import standard_features

from .examples import Asked, Pool

_AT_ONCE = 32
_FORM = "2"
"""Counts up when what ``packed`` writes is read otherwise."""


class Pools:
    """Gathers pools, each of which takes a search, and keeps them: the next run gathers those of new
    questions alone. What was gathered from other documents, another index or other features is not used."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def gather(self, collection_id: str, questions: Sequence[Asked], run: JobRun) -> list[Pool]:
        """The pool of each question that has an up-vote; an empty one for the others, which only memory
        learns from. A kept pool is to the bit what gathering it again would give."""
        wanted = {asked.key: asked.text for asked in questions if asked.ups}
        revision = self._revision(collection_id)
        known = self._kept(collection_id, revision, wanted)
        done, total = len(known), len(wanted)
        fresh: dict[str, bytes] = {}
        for key, text in wanted.items():
            if key in known:
                continue
            run.check()
            known[key] = fresh[key] = packed(_pool(collection_id, text, run))
            done += 1
            run.progress(stage="gathering candidates", done=done, total=total)
            if len(fresh) >= _AT_ONCE:
                self._keep(collection_id, revision, fresh, run)
                fresh = {}
        self._keep(collection_id, revision, fresh, run)
        return [unpacked(known[asked.key]) if asked.key in known else EMPTY for asked in questions]

    def keep_only(self, collection_id: str, questions: Sequence[Asked], run: JobRun) -> None:
        """Forget the pools of all other questions of the collection."""
        with self._database.read() as reading:
            others = pooled_questions(reading.session, collection_id) - {asked.key for asked in questions}
        if others:
            with self._database.begin(run.ctx, relaxed=True) as work:
                drop_pools(work.session, collection_id, others)
                work.commit()

    def _revision(self, collection_id: str) -> str | None:
        names = [feature.name for feature in standard_features()]
        computed = json.dumps([_FORM, names, asdict(FusionWeights())])
        with self._database.read() as work:
            return corpus_revision(work.session, collection_id, computed)

    def _kept(self, collection_id: str, revision: str | None, wanted: Mapping[str, str]) -> dict[str, bytes]:
        if revision is None:
            return {}
        with self._database.read() as work:
            return kept_pools(work.session, collection_id, revision, wanted)

    def _keep(
        self, collection_id: str, revision: str | None, pools: Mapping[str, bytes], run: JobRun
    ) -> None:
        """Nothing is kept of a collection that changed meanwhile: it is not known what a pool was made of."""
        if not pools or revision is None or self._revision(collection_id) != revision:
            return
        with self._database.begin(run.ctx, relaxed=True) as work:
            keep_pools(work.session, collection_id, revision, pools)
            work.commit()


def packed(pool: Pool) -> bytes:
    """A pool as bytes, its numbers in single precision."""
    out = io.BytesIO()
    np.savez_compressed(
        out,
        names=np.array(pool.names, np.str_),
        keys=np.array(pool.keys, np.str_),
        features=pool.features.astype(np.float32),
        scores=np.stack([pool.dense, pool.fused]).astype(np.float32),
        documents=np.array(pool.documents, np.str_),
    )
    return out.getvalue()


def unpacked(content: bytes) -> Pool:
    """The pool that ``packed`` made bytes of."""
    with np.load(io.BytesIO(content), allow_pickle=False) as kept:
        dense, fused = kept["scores"].astype(float)
        return Pool(
            names=tuple(kept["names"].tolist()),
            keys=tuple(kept["keys"].tolist()),
            features=kept["features"].astype(float),
            dense=dense,
            fused=fused,
            documents=tuple(kept["documents"].tolist()),
        )


def _pool(collection_id: str, question: str, run: JobRun) -> Pool:
    found = run.ctx.ask(GatherPool(collection_id=collection_id, query=question))
    # In an order of its own, so that the same index gives the same rows, whatever its lists were like.
    order = sorted(range(len(found.passage_ids)), key=lambda place: found.passage_ids[place])
    features = np.array(found.features, float).reshape(len(order), len(found.names))
    return Pool(
        names=found.names,
        keys=tuple(found.content_keys[place] for place in order),
        features=features[order],
        dense=np.array(found.dense, float)[order],
        fused=np.array(found.fused, float)[order],
        documents=tuple(found.external_ids[place] for place in order),
    )


EMPTY = Pool((), (), np.zeros((0, 0)), np.zeros(0), np.zeros(0))
