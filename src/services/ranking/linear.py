"""Rank weights: a regularised linear correction of the default fusion, fitted to judged lists."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .examples import Batch, folds_of, softmax
from .features import Floats

SHARPNESS = 12.0
"""Logit of one unit of fused score before anything is learned."""
STRENGTHS = (3.0, 10.0, 30.0, 100.0, 300.0)
_SELDOM = 0.1
_STEPS = 50
_CONVERGED = 1e-7
_LEAST_SHARPNESS = 1.0


@dataclass(frozen=True)
class RankWeights:
    """``score = fused + sum(weight * (feature - centre) / spread)``, in units of the fused score."""

    names: tuple[str, ...]
    centre: Floats
    spread: Floats
    weights: Floats

    def contributions(self, features: Floats) -> Floats:
        """What each feature adds to each candidate's score, shape ``(..., features)``."""
        return np.asarray((features - self.centre) / self.spread * self.weights)

    def score(self, fused: Floats, features: Floats) -> Floats:
        """Shape ``(...)``, higher is better."""
        return np.asarray(fused + self.contributions(features).sum(-1))


@dataclass(frozen=True)
class WeightsFit:
    """The weights; the penalty chosen; the cross-validated loss by penalty (``curve``) and the loss of the
    default fusion (``base_loss``), in nats for one list; ``sharpness``, the logit of one unit of score; and
    the scores that each list got from weights fitted without it, ``(lists, candidates)``."""

    weights: RankWeights
    strength: float
    curve: dict[float, float]
    base_loss: float
    sharpness: float
    out_of_fold: Floats


def fit_rank_weights(
    batch: Batch,
    names: Sequence[str],
    *,
    increasing: Collection[str] = (),
    strengths: Sequence[float] = STRENGTHS,
    folds: int = 5,
    seed: int = 0,
) -> WeightsFit:
    """Minimise the listwise softmax cross-entropy (Cao et al., "Learning to rank: from pairwise approach to
    listwise approach", 2007) plus ``strength * |weights|^2`` over standardised features, by Newton's
    method. The strength is the greatest whose cross-validated loss is within one standard error of the
    least (Breiman et al., "Classification and regression trees", 1984): votes follow what was shown, so
    the least loss alone believes them too readily. The features named in ``increasing`` get no weight
    below 0. Deterministic.
    """
    centre, spread = _scales(batch)
    design = _design(batch, centre, spread)
    bounded = np.array([False] + [name in set(increasing) for name in names])
    fold = folds_of(batch.group, folds, seed)
    held_out = {strength: np.zeros_like(batch.fused) for strength in strengths}
    losses = {strength: np.zeros(len(fold)) for strength in strengths}
    for held in range(min(folds, len(np.unique(fold)))):
        inside, outside = fold != held, fold == held
        learned, judged = batch.pick(inside), batch.pick(outside)
        if not len(learned.fused):
            continue
        theta = None
        for strength in sorted(strengths, reverse=True):
            theta = _minimise(design[inside], learned, strength, bounded, theta)
            losses[strength][outside] = _losses(design[outside], judged, theta)
            held_out[strength][outside] = design[outside] @ theta / _sharpness(theta)
    chosen = _choose(losses)
    theta = _minimise(design, batch, chosen, bounded)
    base = np.zeros_like(theta)
    base[0] = 1.0
    return WeightsFit(
        weights=RankWeights(tuple(names), centre, spread, theta[1:] / _sharpness(theta)),
        strength=chosen,
        curve={strength: float(values.mean()) for strength, values in losses.items()},
        base_loss=_loss(design, batch, base) / len(fold),
        sharpness=_sharpness(theta),
        out_of_fold=held_out[chosen],
    )


def _sharpness(theta: Floats) -> float:
    return max(SHARPNESS * float(theta[0]), _LEAST_SHARPNESS)


def _scales(batch: Batch) -> tuple[Floats, Floats]:
    """Mean over all candidates, and the spread within a list: what is the same for a whole list ranks
    nothing. A feature that never differs within a list has a spread of 1; one that seldom does has a tenth
    of the furthest it goes, lest a rare value outweigh everything else."""
    count = batch.present.sum(1)[:, None]
    means = (batch.features * batch.present[..., None]).sum(1) / count
    within = (batch.features - means[:, None])[batch.present]
    spread = np.maximum(np.sqrt((within**2).mean(0)), _SELDOM * np.abs(within).max(0))
    return batch.features[batch.present].mean(0), np.where(spread > 1e-6, spread, 1.0)


def _design(batch: Batch, centre: Floats, spread: Floats) -> Floats:
    """The fused score as the first column, then the standardised features."""
    scaled = (batch.features - centre) / spread
    return np.concatenate([SHARPNESS * batch.fused[..., None], scaled], axis=2) * batch.present[..., None]


def _choose(losses: dict[float, Floats]) -> float:
    """By the paired differences to the strength with the least mean loss."""
    best = min(losses.values(), key=lambda values: float(values.mean()))
    behind = {strength: values - best for strength, values in losses.items()}
    root = len(best) ** 0.5
    return max(strength for strength, gap in behind.items() if gap.mean() <= gap.std() / root)


def _loss(design: Floats, batch: Batch, theta: Floats) -> float:
    return float(_losses(design, batch, theta).sum())


def _losses(design: Floats, batch: Batch, theta: Floats) -> Floats:
    """The cross-entropy of each list."""
    chances = softmax(design @ theta, batch.present)
    return np.asarray(-(batch.target * np.log(np.maximum(chances, 1e-12))).sum(1))


def _minimise(
    design: Floats,
    batch: Batch,
    strength: float,
    bounded: NDArray[np.bool_],
    start: Floats | None = None,
) -> Floats:
    """With each bounded weight that would fall below 0 held at 0, one after another."""
    free = np.ones(design.shape[2], bool)
    while True:
        theta = np.zeros(len(free))
        theta[free] = _newton(design[..., free], batch, strength, None if start is None else start[free])
        wrong = np.where(bounded & (theta < 0), theta, 0.0)
        if not wrong.any():
            return theta
        free[int(np.argmin(wrong))] = False


def _newton(design: Floats, batch: Batch, strength: float, start: Floats | None) -> Floats:
    """Newton's method, a step halved where it leads up; the loss is convex. The prior is the default
    fusion: 1 for the fused score, 0 for the rest."""
    penalty = np.full(design.shape[2], 2 * strength)
    prior = np.zeros(design.shape[2])
    prior[0] = 1.0
    theta = prior.copy() if start is None else start.copy()
    flat = design.reshape(-1, design.shape[2])

    def objective(at: Floats) -> float:
        return _loss(design, batch, at) + 0.5 * float((penalty * (at - prior) ** 2).sum())

    value = objective(theta)
    for _ in range(_STEPS):
        chances = softmax(design @ theta, batch.present)
        gradient = flat.T @ (chances - batch.target).reshape(-1) + penalty * (theta - prior)
        means = np.matmul(chances[:, None, :], design)[:, 0]
        hessian = (flat * chances.reshape(-1, 1)).T @ flat - means.T @ means
        hessian[np.diag_indices_from(hessian)] += penalty
        step = np.linalg.solve(hessian, gradient)
        scale, lower = 1.0, objective(theta - step)
        while lower > value and scale > 1e-4:
            scale /= 2
            lower = objective(theta - scale * step)
        if lower > value:
            break
        theta, gained, value = theta - scale * step, value - lower, lower
        if gained < _CONVERGED * max(1.0, abs(value)):
            break
    return theta
