"""What a tuned embedding model is worth on questions that it was not tuned on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from src.core.jobs import JobRun
from src.core.ports import Embedder
from src.database.uow import Database
from src.services.indexing import PassageVectors
from src.services.ranking.examples import Batch, ndcg
from src.services.ranking.memory import MemorySettings
from src.services.ranking.ranker import Ranker
from src.services.ranking.training import RankerFit

from .examples import contents_of, material_of
from .figures import figures
from .pools import Pools
from .texts import Folded, Texts, texts_of


class HeldOut:
    """Ranks the pools that the live index gives for held-out questions, with the tuned model's cosines in
    the place of the others. What only the tuned index would find is not counted: the gate and the trial see
    that."""

    def __init__(self, database: Database, vectors: PassageVectors) -> None:
        self._database = database
        self._vectors = vectors
        self._pools = Pools(database)

    def figures(
        self, collection_id: str, held: Sequence[Folded], texts: Texts, embedder: Embedder, run: JobRun
    ) -> dict[str, Any]:
        """In the form that the gate reads; ``questions`` counts those that were trained on."""
        trained = sum(bool(each.asked.ups) for each in texts.asked) - len(held)
        questions = [each.asked for each in held]
        pools = self._pools.gather(collection_id, questions, run)
        with self._database.read() as work:
            words = texts_of(work, collection_id, contents_of(pools))
        passages = self._vectors.of(words, embedder.version, run)
        asked = {each.key: embedder.embed_query(each.text) for each in questions}
        if not asked:
            return {"questions": trained}
        material = material_of(questions, asked, pools, passages, near=1.01, by_passage=False)
        judged = [example for example in material.examples if example.target.any()]
        if not judged:
            return {"questions": trained}
        tuned = [
            replace(
                example,
                fused=example.fused - example.dense + material.passages[example.rows] @ example.vector,
            )
            for example in judged
        ]
        learned = {key for each in texts.asked if each not in held for key in each.asked.ups}
        fit = RankerFit(
            Ranker(memory=MemorySettings()),
            trained,
            base_ndcg=_ndcg(Batch.of(judged)),
            cross_fitted_ndcg=_ndcg(Batch.of(tuned)),
            seen=tuple(any(key in learned for key in example.ups) for example in judged),
        )
        return figures(fit, material.examples)


def _ndcg(batch: Batch) -> tuple[float, ...]:
    return tuple(np.asarray(ndcg(batch.fused, batch.target, batch.present)).tolist())
