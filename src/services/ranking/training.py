"""The learning ladder up to the query adapter: as many rungs as the votes carry."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from src.core.ports import Vectors

from .adapter import AdapterFit, AdapterSettings, fit_query_adapter
from .diagnosis import Finding, adapter_findings, data_findings, ranker_findings
from .examples import Batch, Example, ndcg
from .features import Floats
from .jury import Jury
from .linear import STRENGTHS, WeightsFit, fit_rank_weights
from .memory import LEARNED, MemorySettings, QueryMemory, Remembered
from .ranker import ADAPTED, HELPED, FusionWeights, Ranker
from .threads import one_thread

REACHES = (
    MemorySettings(threshold=0.7),
    MemorySettings(threshold=0.6),
    MemorySettings(threshold=0.6, lift=0.2),
)
_HARM = 0.01
"""In nDCG@10: what passages that nobody voted for may lose."""
_SURE = 2.0
"""In standard errors."""


@dataclass(frozen=True)
class LadderSettings:
    """From how many questions with an up-vote each rung is tried, and the penalties to choose from.

    ``memory`` is what weights see of answered questions. The ``reaches`` go further, each beyond the one
    before: from ``reach_from`` questions the furthest takes its place that the votes show to be better and to
    harm no passage that nobody voted for."""

    weights_from: int = 30
    adapter_from: int = 150
    reach_from: int = 150
    strengths: tuple[float, ...] = STRENGTHS
    memory: MemorySettings = LEARNED
    reaches: tuple[MemorySettings, ...] = REACHES
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
        beside: list[tuple[str, list[Floats]]] = []
        adapter = None
        if len(judged) >= settings.adapter_from:
            adapter = fit_query_adapter(judged, passages, settings=settings.adapter, seed=seed)
            beside.append((ADAPTED, _adapted(judged, passages, adapter.out_of_fold)))
            findings += adapter_findings(adapter, judged)
        weigh = partial(_weighed, judged, examples, names, beside, settings.strengths, seed)
        weighed = weigh(settings.memory)
        jury = Jury(judged)
        near = [weighed.fit.out_of_fold[voice.row] for voice in jury.voices]
        for reach in settings.reaches if len(judged) >= settings.reach_from else ():
            if not _harmless(judged, examples, reach, jury):
                break
            # Not the best of them: votes can only land where a narrower memory has put a passage.
            further = weigh(reach)
            gained, _ = jury.change(near, [further.fit.out_of_fold[voice.row] for voice in jury.voices])
            weighed = further if gained > 0 else weighed
    ranker = Ranker(fusion, weighed.memory, weighed.fit.weights, adapter.adapter if adapter else None)
    batch = weighed.batch
    base = ndcg(Batch.of(judged).fused, batch.target, batch.present)
    return RankerFit(
        ranker=ranker,
        questions=len(judged),
        weights=weighed.fit,
        adapter=adapter,
        base_ndcg=tuple(base.tolist()),
        cross_fitted_ndcg=tuple(weighed.ndcg.tolist()),
        seen=_seen(judged),
        findings=findings + ranker_findings(weighed.fit, batch, judged),
    )


@dataclass(frozen=True)
class _Weighed:
    """Weights over what one memory sees, and their cross-fitted nDCG@10 by question."""

    memory: MemorySettings
    batch: Batch
    fit: WeightsFit
    ndcg: Floats


def _weighed(
    judged: Sequence[Example],
    examples: Sequence[Example],
    names: Sequence[str],
    beside: Sequence[tuple[str, list[Floats]]],
    strengths: tuple[float, ...],
    seed: int,
    memory: MemorySettings,
) -> _Weighed:
    """``beside`` are further columns by name, ``(candidates,)`` for each list."""
    recalled = _recalled(judged, examples, memory)
    learned = [(HELPED, recalled), *beside]
    extra = [np.column_stack(parts) for parts in zip(*(column for _, column in learned), strict=True)]
    batch = Batch.of(_lifted(judged, recalled, memory), extra)
    learned_names = [name for name, _ in learned]
    fit = fit_rank_weights(
        batch, (*names, *learned_names), increasing=learned_names, strengths=strengths, seed=seed
    )
    return _Weighed(memory, batch, fit, ndcg(fit.out_of_fold, batch.target, batch.present))


def memory_of(examples: Sequence[Example]) -> QueryMemory:
    """The memory that these votes make."""
    return QueryMemory(
        Remembered(str(example.group), example.vector, key, float(np.clip(example.preference(key), -1, 1)))
        for example in examples
        for key in sorted({*example.ups, *example.downs})
    )


def _harmless(
    judged: Sequence[Example], examples: Sequence[Example], memory: MemorySettings, jury: Jury
) -> bool:
    """Whether it surely costs at most ``_HARM`` where no right passage was ever voted for. That is tried on
    the questions at hand, for each reader without the votes of all that like what this one liked: what memory
    gains otherwise repeats among what was voted on, and need not repeat in what is to come."""
    liking: dict[str, set[str]] = {}
    for example in judged:
        for key in _liked(example):
            liking.setdefault(key, set()).add(str(example.group))
    sharing = [set().union(*(liking[key] for key in voice.liked)) for voice in jury.voices]
    lists = [judged[voice.row] for voice in jury.voices]
    lifted = _lifted(lists, _recalled(lists, examples, memory, sharing), memory)
    change, error = jury.change([each.fused for each in lists], [each.fused for each in lifted])
    return _SURE * error - change <= _HARM


def _recalled(
    judged: Sequence[Example],
    examples: Sequence[Example],
    settings: MemorySettings,
    but: Sequence[Collection[str]] | None = None,
) -> list[Floats]:
    """What memory adds to each list without the votes of its own question, or of those that ``but`` names."""
    memory = memory_of(examples)
    without = but or [(str(example.group),) for example in judged]
    return [
        memory.recall(example.vector, example.keys, settings, but=left_out).helped
        for example, left_out in zip(judged, without, strict=True)
    ]


def _lifted(judged: Sequence[Example], recalled: Sequence[Floats], memory: MemorySettings) -> list[Example]:
    """The lists with what memory adds by itself."""
    return [
        replace(example, fused=example.fused + memory.lift * helped)
        for example, helped in zip(judged, recalled, strict=True)
    ]


def _liked(example: Example) -> set[str]:
    return {key for key in example.keys if example.preference(key) > 0}


def _adapted(judged: Sequence[Example], passages: Vectors, moved: Vectors) -> list[Floats]:
    return [
        passages[example.rows] @ vector - example.dense for example, vector in zip(judged, moved, strict=True)
    ]


def _seen(judged: Sequence[Example]) -> tuple[bool, ...]:
    liked = [_liked(example) for example in judged]
    groups: dict[str, set[int]] = {}
    for example, keys in zip(judged, liked, strict=True):
        for key in keys:
            groups.setdefault(key, set()).add(example.group)
    return tuple(any(len(groups[key]) > 1 for key in keys) for keys in liked)
