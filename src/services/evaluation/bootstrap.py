"""Paired bootstrap over queries: is one system better than another on the same questions?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .metrics import Floats

_CELLS = 2_000_000


@dataclass(frozen=True)
class PairedDifference:
    """Mean of (treatment - control) over ``n`` queries.

    ``lower`` and ``upper`` enclose the two-sided interval of ``level``; ``at_least`` and ``at_most`` are the
    one-sided bounds of the same level: a gate for "better" asks ``at_least > 0``, a veto asks
    ``at_most < -margin``.
    """

    n: int
    mean: float
    lower: float
    upper: float
    at_least: float
    at_most: float
    level: float
    wins: int
    losses: int

    def sentence(self, what: str) -> str:
        """The evidence in words, for example of ``nDCG@10``."""
        return (
            f"{what} {self.mean:+.3f} on {self.n} questions "
            f"({self.level:.0%} interval {self.lower:+.3f} to {self.upper:+.3f}; "
            f"better on {self.wins}, worse on {self.losses})"
        )


def paired_bootstrap(
    treatment: Floats, control: Floats, *, level: float = 0.95, resamples: int = 2000, seed: int = 0
) -> PairedDifference:
    """Percentile bootstrap of the mean paired difference (Efron and Tibshirani, 1993, chapter 13).

    ``treatment`` and ``control`` hold one value per query, shape (n,), in the same order. The same seed
    gives the same interval. Raises ValueError where the shapes differ or there is no query.
    """
    if treatment.shape != control.shape or treatment.ndim != 1 or not treatment.size:
        raise ValueError(f"Needs two equally long columns, not {treatment.shape} and {control.shape}.")
    differences = treatment - control
    means = bootstrap_means(differences, resamples=resamples, seed=seed)
    outside = 1.0 - level
    lower, upper, at_least, at_most = np.quantile(means, [outside / 2, 1 - outside / 2, outside, level])
    return PairedDifference(
        n=differences.size,
        mean=float(differences.mean()),
        lower=float(lower),
        upper=float(upper),
        at_least=float(at_least),
        at_most=float(at_most),
        level=level,
        wins=int((differences > 0).sum()),
        losses=int((differences < 0).sum()),
    )


def bootstrap_means(values: Floats, *, resamples: int = 2000, seed: int = 0) -> Floats:
    """Means of ``resamples`` draws with replacement from ``values`` (n,); shape (resamples,)."""
    rng = np.random.default_rng(seed)
    rows = max(1, _CELLS // values.size)
    parts = [
        values[rng.integers(values.size, size=(min(rows, resamples - start), values.size))].mean(axis=1)
        for start in range(0, resamples, rows)
    ]
    return np.concatenate(parts)
