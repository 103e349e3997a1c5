"""What a tuned embedding model is worth on questions that it was not tuned on, with the rank weights that
go with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from src.core.jobs import JobRun
from src.core.ports import Embedder, Vectors
from src.database.uow import Database
from src.services.indexing import PassageVectors
from src.services.ranking.examples import Batch, Example, ndcg
from src.services.ranking.features import Floats
from src.services.ranking.linear import RankWeights
from src.services.ranking.memory import LEARNED, MemorySettings, QueryMemory
from src.services.ranking.ranker import HELPED, Ranker
from src.services.ranking.signals import with_cosines
from src.services.ranking.training import LadderSettings, RankerFit, fit_ranker, memory_of

from .examples import material_of
from .figures import figures
from .grouping import NEAR, group_judged
from .pools import Pools
from .texts import Texts, texts_of

HELD_OUT = 115
"""Questions kept for the figures: the gate asks for a hundred whose passage is among the candidates."""
ALLOWANCE = 0.02
"""How much nDCG@10 less than it gains a tuned model may show on votes for what the untuned one had shown:
on conala, with votes by position and a tenth of them wrong, it gained 0.046 and showed 0.002."""
_NO_ADAPTER = LadderSettings(adapter_from=2**31, reaches=())


@dataclass(frozen=True)
class Worth:
    """The rank weights to go with the tuned model, None where none are better than none, and figures in the
    form that the gate reads; ``by_rung`` tells nDCG@10 with and without each of the two."""

    weights: RankWeights | None
    figures: dict[str, Any]


def hold_out(vectors: Mapping[str, Vectors], *, seed: int) -> frozenset[str]:
    """The keys of a tenth of the questions, or of ``HELD_OUT`` where that is more, but of no more than two
    fifths; those that are nearly the same stay together. ``vectors`` are theirs, by key."""
    groups = group_judged((), vectors, near=NEAR, by_passage=False)
    wanted = min(max(HELD_OUT, len(vectors) // 10), 2 * len(vectors) // 5)
    rank = np.random.default_rng(seed).permutation(len(vectors)).tolist()
    chosen: dict[int, list[str]] = {}
    for key in sorted(groups, key=lambda key: (rank[groups[key]], key)):
        if groups[key] not in chosen and sum(map(len, chosen.values())) >= wanted:
            break
        chosen.setdefault(groups[key], []).append(key)
    return frozenset(key for keys in chosen.values() for key in keys)


class HeldOut:
    """Ranks the pools that the live index gives, with the cosines of one model or another in their place.
    What only the tuned index would find is not counted: the gate and the trial see that.

    The weights are learned from the ``base`` model's cosines: those of the tuned one are too good to be true
    on what it was tuned on. Those that are measured never saw a held-out question; those that are kept saw
    all.
    """

    def __init__(self, database: Database, vectors: PassageVectors) -> None:
        self._database = database
        self._vectors = vectors
        self._pools = Pools(database)

    def worth(
        self,
        collection_id: str,
        texts: Texts,
        held: frozenset[str],
        base: Embedder,
        tuned: Embedder,
        run: JobRun,
        *,
        searched: str,
        seed: int,
    ) -> Worth:
        """``held`` are the keys of the questions that were not tuned on, ``searched`` is the version of the
        live index."""
        questions = texts.asked
        pools = self._pools.gather(collection_id, questions, run)
        kept = [place for place, pool in enumerate(pools) if pool.keys]
        apart = np.array([questions[place].key in held for place in kept], bool)
        asked = {each.key: base.embed_query(each.text) for each in questions}
        material = material_of(questions, asked, pools, {}, near=NEAR, by_passage=False)
        examples, names = list(material.examples), material.names
        if searched != base.version:
            passages = self._passages(collection_id, examples, base, run)
            examples = [rescored(example, names, passages) for example in examples]
        trained = [example for example, out in zip(examples, apart, strict=True) if not out]
        weights, without = _weights(examples, names, seed), _weights(trained, names, seed)
        count = sum(example.target.any() for example in trained)
        judged = [e for e, out in zip(examples, apart, strict=True) if out and e.target.any()]
        if not judged:
            return Worth(weights, {"questions": int(count)})
        asked = {each.key: tuned.embed_query(each.text) for each in questions}
        moved = [
            replace(example, vector=asked[questions[place].key])
            for place, example in zip(kept, examples, strict=True)
        ]
        memory = memory_of(moved)
        mine = [e for e, out in zip(moved, apart, strict=True) if out and e.target.any()]
        passages = self._passages(collection_id, mine, tuned, run)
        mine = [rescored(example, names, passages) for example in mine]
        before = memory_of(examples)
        reached = {
            "default": _ndcg(judged, names, before, None),
            "rank weights": _ndcg(judged, names, before, without),
            "embedding model": _ndcg(mine, names, memory, None),
            "both": _ndcg(mine, names, memory, without),
        }
        learned = {key for example in trained for key in example.ups}
        fit = RankerFit(
            Ranker(memory=MemorySettings()),
            int(count),
            base_ndcg=_plain(judged),
            cross_fitted_ndcg=reached["both"],
            seen=tuple(any(key in learned for key in example.ups) for example in judged),
        )
        told = {name: float(np.mean(values)) for name, values in reached.items()}
        return Worth(weights, {**figures(fit, examples, judged), "by_rung": told, "allowance": ALLOWANCE})

    def _passages(
        self, collection_id: str, examples: Sequence[Example], embedder: Embedder, run: JobRun
    ) -> Mapping[str, Vectors]:
        contents = sorted({key for example in examples for key in example.keys})
        with self._database.read() as work:
            words = texts_of(work, collection_id, contents)
        return self._vectors.of(words, embedder.version, run)


def rescored(example: Example, names: Sequence[str], passages: Mapping[str, Vectors]) -> Example:
    """The same list with the cosines of other vectors: its question's own, and those of its passages by
    content. A passage without one keeps none of its meaning."""
    nothing = np.zeros(len(example.vector), np.float32)
    matrix = np.stack([passages.get(key, nothing) for key in example.keys])
    dense = np.asarray(matrix @ example.vector, float)
    return replace(
        example,
        dense=dense,
        fused=example.fused - example.dense + dense,
        features=with_cosines(names, example.features, dense),
    )


def _weights(examples: Sequence[Example], names: tuple[str, ...], seed: int) -> RankWeights | None:
    nowhere = np.zeros((0, 0), np.float32)
    fit = fit_ranker(examples, nowhere, names, settings=_NO_ADAPTER, seed=seed)
    return fit.weights.weights if fit.weights is not None and fit.usable and not fit.idle else None


def _ndcg(
    judged: Sequence[Example], names: Sequence[str], memory: QueryMemory, weights: RankWeights | None
) -> tuple[float, ...]:
    """As a ranker with these weights, or without any, ranks the lists; nobody's own votes help them."""
    return _plain([replace(example, fused=_scores(example, names, memory, weights)) for example in judged])


def _scores(
    example: Example, names: Sequence[str], memory: QueryMemory, weights: RankWeights | None
) -> Floats:
    settings = MemorySettings() if weights is None else LEARNED
    recall = memory.recall(example.vector, example.keys, settings, but=(str(example.group),))
    remembered: Floats = example.fused + settings.lift * recall.helped - settings.drop * recall.harmed
    if weights is None:
        return remembered
    columns = {**dict(zip(names, example.features.T, strict=True)), HELPED: recall.helped}
    table = np.stack([columns[name] for name in weights.names], axis=1)
    return np.asarray(weights.score(remembered, table))


def _plain(examples: Sequence[Example]) -> tuple[float, ...]:
    batch = Batch.of(examples)
    return tuple(np.asarray(ndcg(batch.fused, batch.target, batch.present)).tolist())
