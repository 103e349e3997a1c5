"""The learning ladder up to the query adapter: as many rungs as the votes carry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from src.core.ports import Vectors

from .adapter import AdapterFit, AdapterSettings, fit_query_adapter
from .diagnosis import Finding, adapter_findings, data_findings, ranker_findings
from .examples import Batch, Example, ndcg
from .features import Floats
from .linear import STRENGTHS, WeightsFit, fit_rank_weights
from .memory import LEARNED, MemorySettings, QueryMemory, Remembered
from .ranker import ADAPTED, HELPED, FusionWeights, Ranker
from .threads import one_thread


@dataclass(frozen=True)
class LadderSettings:
    """From how many questions with an up-vote each rung is tried, and the penalties to choose from."""

    weights_from: int = 30
    adapter_from: int = 150
    strengths: tuple[float, ...] = STRENGTHS
    memory: MemorySettings = LEARNED
    adapter: AdapterSettings = field(default_factory=AdapterSettings)


@dataclass(frozen=True)
class RankerFit:
    """A ranker, and what there is to say of it: how each part was fitted, what looks wrong, and the
    cross-fitted nDCG@10 on the voted questions (each ranked by weights that never saw it) of the default
    fusion and of the ranker, by question and in the order of the examples that have a target. ``seen``
    tells whether a passage that helped the question also helped another one."""

    ranker: Ranker
    questions: int
    weights: WeightsFit | None = None
    adapter: AdapterFit | None = None
    base_ndcg: tuple[float, ...] = ()
    cross_fitted_ndcg: tuple[float, ...] = ()
    seen: tuple[bool, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def usable(self) -> bool:
        """Whether nothing fatal was found."""
        return not any(finding.fatal for finding in self.findings)

    @property
    def idle(self) -> bool:
        """Whether the weights, through which every rung speaks, are no better than none on held-out lists."""
        return self.weights is not None and min(self.weights.curve.values()) > self.weights.base_loss


def fit_ranker(
    examples: Sequence[Example],
    passages: Vectors,
    names: Sequence[str],
    *,
    fusion: FusionWeights | None = None,
    settings: LadderSettings | None = None,
    seed: int = 0,
) -> RankerFit:
    """Fit rank weights, with memory as one of the features, and from more votes on a query adapter.

    ``names`` are the extractor's; ``passages`` the vectors that the examples' ``rows`` point to. Memory
    and adapter reach the weights cross-fitted: a question never meets its own votes. What memory lifts by
    itself is part of what the weights correct, so that few votes do not teach a ranker to forget. Same
    input, same machine, same bits.
    """
    settings, fusion = settings or LadderSettings(), fusion or FusionWeights()
    judged = [example for example in examples if example.target.any()]
    start = Ranker(fusion, settings.memory)
    findings = data_findings(len(judged), settings.weights_from, settings.adapter_from)
    if len(judged) < settings.weights_from:
        return RankerFit(start, len(judged), findings=findings)
    with one_thread():
        recalled = _recalled(judged, examples, settings.memory)
        columns, learned_names = [recalled], [HELPED]
        adapter = None
        if len(judged) >= settings.adapter_from:
            adapter = fit_query_adapter(judged, passages, settings=settings.adapter, seed=seed)
            columns.append(_adapted(judged, passages, adapter.out_of_fold))
            learned_names.append(ADAPTED)
            findings += adapter_findings(adapter, judged)
        extra = [np.column_stack(parts) for parts in zip(*columns, strict=True)]
        lifted = [
            replace(example, fused=example.fused + settings.memory.lift * helped)
            for example, helped in zip(judged, recalled, strict=True)
        ]
        batch = Batch.of(lifted, extra)
        weights = fit_rank_weights(
            batch,
            (*names, *learned_names),
            increasing=learned_names,
            strengths=settings.strengths,
            seed=seed,
        )
    ranker = Ranker(fusion, settings.memory, weights.weights, adapter.adapter if adapter else None)
    base = ndcg(Batch.of(judged).fused, batch.target, batch.present)
    cross_fitted = ndcg(weights.out_of_fold, batch.target, batch.present)
    return RankerFit(
        ranker=ranker,
        questions=len(judged),
        weights=weights,
        adapter=adapter,
        base_ndcg=tuple(base.tolist()),
        cross_fitted_ndcg=tuple(cross_fitted.tolist()),
        seen=_seen(judged),
        findings=findings + ranker_findings(weights, batch, judged),
    )


def memory_of(examples: Sequence[Example]) -> QueryMemory:
    """The memory that these votes make."""
    return QueryMemory(
        Remembered(str(example.group), example.vector, key, float(np.clip(example.preference(key), -1, 1)))
        for example in examples
        for key in sorted({*example.ups, *example.downs})
    )


def _recalled(
    judged: Sequence[Example], examples: Sequence[Example], settings: MemorySettings
) -> list[Floats]:
    memory = memory_of(examples)
    return [
        memory.recall(example.vector, example.keys, settings, but=str(example.group)).helped
        for example in judged
    ]


def _adapted(judged: Sequence[Example], passages: Vectors, moved: Vectors) -> list[Floats]:
    return [
        passages[example.rows] @ vector - example.dense for example, vector in zip(judged, moved, strict=True)
    ]


def _seen(judged: Sequence[Example]) -> tuple[bool, ...]:
    liked = [{key for key in example.keys if example.preference(key) > 0} for example in judged]
    groups: dict[str, set[int]] = {}
    for example, keys in zip(judged, liked, strict=True):
        for key in keys:
            groups.setdefault(key, set()).add(example.group)
    return tuple(any(len(groups[key]) > 1 for key in keys) for keys in liked)
