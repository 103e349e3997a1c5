"""Query adapter: a linear residual on the question's vector; passages keep theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from src.core.ports import Vectors

from .examples import Example, folds_of, ndcg
from .features import Floats
from .threads import one_thread

_FOLDS = 3


@dataclass(frozen=True)
class QueryAdapter:
    """``q' = norm(q + q @ residual)``, ``residual`` of shape ``(dimensions, dimensions)``."""

    residual: Vectors

    def apply(self, vectors: Vectors) -> Vectors:
        """Unit vectors of the shape that was given, one or many."""
        moved = vectors + vectors @ self.residual
        return np.asarray(moved / np.linalg.norm(moved, axis=-1, keepdims=True), np.float32)


@dataclass(frozen=True)
class AdapterSettings:
    """Contrastive training with the other questions' passages as negatives: softmax temperature, Adam's
    step, pairs in a batch, weight of ``|residual|^2``, and when to stop."""

    temperature: float = 0.05
    step: float = 3e-4
    batch: int = 64
    penalty: float = 1e-2
    epochs: int = 40
    patience: int = 6


@dataclass(frozen=True)
class FoldCurve:
    """nDCG@10 of one fold's held-out questions before training and after each epoch, the mean training
    loss of each epoch, and the epoch that was kept (0: untrained)."""

    ndcg: tuple[float, ...]
    loss: tuple[float, ...]
    best_epoch: int


@dataclass(frozen=True)
class AdapterFit:
    """The mean of the folds' adapters, and each example's vector as the fold without it moves it."""

    adapter: QueryAdapter
    out_of_fold: Vectors
    curves: tuple[FoldCurve, ...]


def fit_query_adapter(
    examples: Sequence[Example],
    passages: Vectors,
    *,
    settings: AdapterSettings | None = None,
    seed: int = 0,
) -> AdapterFit:
    """Three folds, each the validation of the other two; their mean is the adapter. A fold keeps the epoch
    with the best nDCG@10 in the whole fused ranking, also the untrained one.

    ``passages`` are the unit vectors that the examples' ``rows`` point to. The same input gives the same
    bits on the same machine: one thread, one generator.
    """
    settings = settings or AdapterSettings()
    groups = np.array([example.group for example in examples], np.int64)
    folds = folds_of(groups, _FOLDS, seed)
    queries = np.stack([example.vector for example in examples]).astype(np.float32)
    out_of_fold = queries.copy()
    adapters, curves = [], []
    with one_thread():
        for held in range(_FOLDS):
            learned = [example for example, fold in zip(examples, folds, strict=True) if fold != held]
            judged = [example for example, fold in zip(examples, folds, strict=True) if fold == held]
            trainer = _Trainer(learned, judged, passages, settings, np.random.default_rng((seed, held)))
            adapter, curve = trainer.run()
            if judged:
                out_of_fold[folds == held] = adapter.apply(queries[folds == held])
            adapters.append(adapter.residual)
            curves.append(curve)
    mean = np.asarray(np.mean(adapters, axis=0, dtype=np.float64), np.float32)
    return AdapterFit(QueryAdapter(mean), out_of_fold, tuple(curves))


class _Trainer:
    """One fold: Adam (Kingma and Ba, 2015) with its gradients written out."""

    def __init__(
        self,
        learned: Sequence[Example],
        judged: Sequence[Example],
        passages: Vectors,
        settings: AdapterSettings,
        generator: np.random.Generator,
    ) -> None:
        self._settings = settings
        self._generator = generator
        self._passages = passages
        self._queries = np.stack([example.vector for example in learned]).astype(np.float32)
        liked = [set(example.rows[example.target > 0].tolist()) for example in learned]
        self._liked = liked
        self._pairs = np.array([(n, row) for n, rows in enumerate(liked) for row in sorted(rows)], np.intp)
        self._validation = _Validation(judged, passages)
        size = passages.shape[1]
        self._residual = np.zeros((size, size), np.float32)
        self._mean = np.zeros_like(self._residual)
        self._square = np.zeros_like(self._residual)
        self._steps = 0

    def run(self) -> tuple[QueryAdapter, FoldCurve]:
        best = self._residual.copy()
        measured, losses, best_epoch = [self._validation.ndcg(best)], [], 0
        for epoch in range(1, self._settings.epochs + 1):
            losses.append(self._epoch())
            measured.append(self._validation.ndcg(self._residual))
            if measured[-1] > measured[best_epoch]:
                best, best_epoch = self._residual.copy(), epoch
            elif epoch - best_epoch >= self._settings.patience:
                break
        return QueryAdapter(best), FoldCurve(tuple(measured), tuple(losses), best_epoch)

    def _epoch(self) -> float:
        order = self._generator.permutation(len(self._pairs))
        losses = []
        for start in range(0, len(order), self._settings.batch):
            chosen = self._pairs[order[start : start + self._settings.batch]]
            if len(chosen) > 1:
                losses.append(self._descend(chosen[:, 0], chosen[:, 1]))
        return float(np.mean(losses)) if losses else 0.0

    def _descend(self, rows: NDArray[np.intp], liked: NDArray[np.intp]) -> float:
        """One step on a batch of pairs; returns its cross-entropy."""
        settings, queries = self._settings, self._queries[rows]
        moved = queries + queries @ self._residual
        norm = np.linalg.norm(moved, axis=1, keepdims=True)
        unit = moved / norm
        distinct, column = np.unique(liked, return_inverse=True)
        logits = unit @ self._passages[distinct].T / settings.temperature
        for place, (row, wanted) in enumerate(zip(rows, liked, strict=True)):
            # What else is right for a question is no negative of it.
            others = self._liked[row] - {int(wanted)}
            if others:
                logits[place, np.isin(distinct, list(others))] = -np.inf
        pairs = np.arange(len(rows))
        raised = np.exp(logits - logits.max(1, keepdims=True))
        chances = raised / raised.sum(1, keepdims=True)
        loss = -float(np.log(np.maximum(chances[pairs, column], 1e-12)).mean())
        chances[pairs, column] -= 1
        slope = chances @ self._passages[distinct] / (settings.temperature * len(rows))
        slope = (slope - (slope * unit).sum(1, keepdims=True) * unit) / norm
        self._adam(queries.T @ slope + 2 * settings.penalty * self._residual)
        return loss

    def _adam(self, gradient: Vectors) -> None:
        self._steps += 1
        self._mean += 0.1 * (gradient - self._mean)
        self._square += 0.001 * (gradient**2 - self._square)
        mean = self._mean / (1 - 0.9**self._steps)
        square = self._square / (1 - 0.999**self._steps)
        self._residual -= (self._settings.step * mean / (np.sqrt(square) + 1e-8)).astype(np.float32)


class _Validation:
    """nDCG@10 of held-out questions in the fused ranking, with the cosine of the moved question."""

    def __init__(self, examples: Sequence[Example], passages: Vectors) -> None:
        self._examples = [example for example in examples if example.target.any()]
        if not self._examples:
            return
        longest = max(len(example.keys) for example in self._examples)
        self._rows = np.zeros((len(self._examples), longest), np.intp)
        self._rest, self._target = np.zeros(self._rows.shape), np.zeros(self._rows.shape)
        self._present = np.zeros(self._rows.shape, bool)
        for place, example in enumerate(self._examples):
            count = len(example.keys)
            self._rows[place, :count], self._target[place, :count] = example.rows, example.target
            self._rest[place, :count], self._present[place, :count] = example.fused - example.dense, True
        self._queries = np.stack([example.vector for example in self._examples]).astype(np.float32)
        self._passages = passages

    def ndcg(self, residual: Vectors) -> float:
        if not self._examples:
            return 0.0
        moved = QueryAdapter(residual).apply(self._queries)
        scores: Floats = self._rest.copy()
        for place, query in enumerate(moved):
            scores[place] += self._passages[self._rows[place]] @ query
        return float(ndcg(scores, self._target, self._present).mean())
