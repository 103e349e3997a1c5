"""What can go wrong in a fit, recognised and named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from src.core.ports import Vectors

from .adapter import AdapterFit, QueryAdapter
from .examples import Batch, Example
from .features import Floats
from .linear import WeightsFit

FALL = 0.01
_SWING = 10.0
_ALIKE = 0.9


@dataclass(frozen=True)
class Finding:
    """``code`` is one of too_little_data, learned_nothing, over_trained, collapsed, exploded; ``detail``
    says it with its figures. ``fatal``: what was fitted must not be used."""

    code: str
    detail: str
    fatal: bool = False


def data_findings(questions: int, weights_from: int, adapter_from: int) -> tuple[Finding, ...]:
    """Which rungs there are too few voted questions for."""
    rungs = [(weights_from, "Rank weights"), (adapter_from, "A query adapter")]
    return tuple(
        Finding(
            "too_little_data",
            f"{rung} need {least} questions with an up-vote; there are {questions}.".replace(
                "adapter need", "adapter needs"
            ),
        )
        for least, rung in rungs
        if questions < least
    )


def adapter_findings(fit: AdapterFit, examples: Sequence[Example]) -> tuple[Finding, ...]:
    """Judge the folds' curves, and whether the questions are still apart."""
    collapse = adapter_collapse(fit.adapter, examples)
    findings = [collapse] if collapse else []
    best = [curve.best_epoch for curve in fit.curves]
    if not any(best):
        findings.append(
            Finding("learned_nothing", "No epoch of the adapter beat the untrained one in any fold.")
        )
    falls = [max(curve.ndcg) - curve.ndcg[-1] for curve in fit.curves]
    if max(falls) > FALL:
        findings.append(
            Finding(
                "over_trained",
                f"nDCG@10 on held-out questions fell by {max(falls):.3f} after the best epoch while the "
                f"training loss went on falling; the epochs {', '.join(map(str, best))} were kept.",
            )
        )
    return tuple(findings)


def ranker_findings(fit: WeightsFit, batch: Batch, examples: Sequence[Example]) -> tuple[Finding, ...]:
    """Judge fitted weights on the lists they came from; ``batch`` holds the ``examples`` in order."""
    findings = []
    scores = fit.weights.score(batch.fused, batch.features)
    if not np.isfinite(scores[batch.present]).all():
        return (Finding("exploded", "The fitted weights give scores that are not finite.", fatal=True),)
    swing = _spread(scores, batch) / max(_spread(batch.fused, batch), 1e-9)
    if swing > _SWING:
        findings.append(
            Finding(
                "exploded",
                f"Learned scores differ {swing:.0f} times as much within a list as the default's do.",
                fatal=True,
            )
        )
    collapse = ranking_collapse(_firsts(scores, batch, examples), _firsts(batch.fused, batch, examples))
    if collapse:
        findings.append(collapse)
    if min(fit.curve.values()) > fit.base_loss:
        findings.append(
            Finding(
                "learned_nothing",
                f"On questions held out the default fusion explains the votes better "
                f"({fit.base_loss:.3f} nats a list) than the weights do ({min(fit.curve.values()):.3f}).",
            )
        )
    return tuple(findings)


def adapter_collapse(adapter: QueryAdapter, examples: Sequence[Example]) -> Finding | None:
    """Whether the adapter moves different questions to one place."""
    vectors = np.stack([example.vector for example in examples])
    before, after = _mean_cosine(vectors), _mean_cosine(adapter.apply(vectors))
    if after < _ALIKE or after <= before:
        return None
    return Finding(
        "collapsed",
        f"The adapter makes questions alike: their mean cosine goes from {before:.2f} to {after:.2f}.",
        fatal=True,
    )


def ranking_collapse(first: Sequence[str], first_before: Sequence[str]) -> Finding | None:
    """Whether one passage now leads most rankings; the arguments name each question's first passage, by
    the candidate and by the ranking it would replace."""
    if len(first) < 20:
        return None
    (leader, count), before = Counter(first).most_common(1)[0], Counter(first_before)
    if count < len(first) / 2 or before[leader] >= count / 2:
        return None
    return Finding(
        "collapsed",
        f"One passage leads {count} of {len(first)} rankings; it led {before[leader]} before.",
        fatal=True,
    )


def _firsts(scores: Floats, batch: Batch, examples: Sequence[Example]) -> list[str]:
    best = np.where(batch.present, scores, -np.inf).argmax(1)
    return [example.keys[place] for example, place in zip(examples, best, strict=True)]


def _spread(scores: Floats, batch: Batch) -> float:
    present = batch.present
    means = np.where(present, scores, 0.0).sum(1, keepdims=True) / present.sum(1, keepdims=True)
    return float(np.sqrt((((scores - means) ** 2)[present]).mean()))


def _mean_cosine(vectors: Vectors) -> float:
    count = len(vectors)
    total = vectors.sum(0, dtype=np.float64)
    return float((total @ total - count) / (count * (count - 1))) if count > 1 else 0.0
