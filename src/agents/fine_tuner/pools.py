"""The candidates of each question, as retrieval gathers them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from src.core.jobs import JobRun
from src.core.messages.ranking import GatherPool

from .examples import Asked, Pool


def gather_pools(collection_id: str, questions: Sequence[Asked], run: JobRun) -> list[Pool]:
    """The pool of each question that has an up-vote; an empty one for the others, which only memory
    learns from."""
    pools: list[Pool] = []
    for done, asked in enumerate(questions):
        run.check()
        pools.append(_pool(collection_id, asked.text, run) if asked.ups else EMPTY)
        run.progress(stage="gathering candidates", done=done + 1, total=len(questions))
    return pools


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
    )


EMPTY = Pool((), (), np.zeros((0, 0)), np.zeros(0), np.zeros(0))
