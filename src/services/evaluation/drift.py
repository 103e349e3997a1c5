"""Whether what comes in now is still of the kind that came before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .metrics import Floats
from .normal import chi_square_tail

Vectors = NDArray[np.float32]

_BINS = 10


@dataclass(frozen=True)
class Drift:
    """``effect`` is 0 for no change; ``p`` is the probability of an effect this large by chance alone."""

    effect: float
    p: float
    recent: int
    reference: int


def energy_drift(recent: Vectors, reference: Vectors, *, permutations: int = 999, seed: int = 0) -> Drift:
    """Energy distance of two samples of unit vectors, rows each, with a permutation test (Székely and
    Rizzo, 2013).

    The effect is the share of the mean distance between the samples that is not distance within them, at
    most 1; below 0 it is given as 0. Both samples need two rows. Works for any number of dimensions, on the
    matrix of distances alone: keep the samples to some hundred rows.
    """
    both = np.concatenate([recent, reference]).astype(np.float64)
    distances = np.sqrt(np.maximum(0.0, 2.0 - 2.0 * (both @ both.T)))
    np.fill_diagonal(distances, 0.0)
    n, m = len(recent), len(reference)
    labels = np.zeros((n + m, permutations + 1))
    labels[:n, 0] = 1.0
    rng = np.random.default_rng(seed)
    for column in range(1, permutations + 1):
        labels[rng.permutation(n + m)[:n], column] = 1.0
    within = np.einsum("ij,ij->j", labels, distances @ labels)
    to_all = distances.sum(axis=1) @ labels
    across = (to_all - within) / (n * m)
    rest = (distances.sum() - 2 * to_all + within) / (m * (m - 1))
    energies = 2 * across - within / (n * (n - 1)) - rest
    p = float((energies >= energies[0] - 1e-12).mean())
    scale = 2 * float(across[0])
    return Drift(max(0.0, float(energies[0]) / scale) if scale > 1e-12 else 0.0, p, n, m)


def novelty(recent: Vectors, reference: Vectors) -> float:
    """How far the median of ``recent`` is from its nearest neighbour in ``reference``, as a multiple of how
    far those of ``reference`` are from one another: 1 where nothing is new. Rows are unit vectors."""
    cross = 1.0 - (recent @ reference.T).max(axis=1)
    own = reference @ reference.T
    np.fill_diagonal(own, -1.0)
    usual = float(np.median(1.0 - own.max(axis=1)))
    return float(np.median(cross)) / max(usual, 1e-3)


def stability(recent: Floats, reference: Floats) -> Drift:
    """Population stability index over the tenths of ``reference``.

    Custom reads 0.1 as some and 0.25 as much change, which holds for large samples only: without any change
    the index is about (1/n + 1/m) times chi-square with one degree less than there are bins (Yurdakul and
    Naranjo, 2020), which gives ``p``. An empty bin counts as half an observation.
    """
    edges = np.unique(np.quantile(reference, np.linspace(0, 1, _BINS + 1)[1:-1]))
    old = np.bincount(np.searchsorted(edges, reference, side="right"), minlength=edges.size + 1)
    new = np.bincount(np.searchsorted(edges, recent, side="right"), minlength=edges.size + 1)
    filled = old + new > 0  # equal scores leave bins that nothing can fall into
    before, after = _shares(old[filled]), _shares(new[filled])
    index = float(((after - before) * np.log(after / before)).sum())
    noise = 1.0 / len(recent) + 1.0 / len(reference)
    p = chi_square_tail(index / noise, before.size - 1) if before.size > 1 else 1.0
    return Drift(index, p, len(recent), len(reference))


def _shares(counts: NDArray[np.intp]) -> Floats:
    filled = np.maximum(counts.astype(np.float64), 0.5)
    shares: Floats = filled / filled.sum()
    return shares
