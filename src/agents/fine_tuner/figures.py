"""What a fit reached on questions that it never saw: figures with intervals, and curves to draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from src.services.evaluation.bootstrap import paired_bootstrap
from src.services.ranking.examples import Batch, Example, ndcg
from src.services.ranking.features import Floats
from src.services.ranking.memory import MemorySettings
from src.services.ranking.training import RankerFit, memory_of

MEASURE = "nDCG@10"


def figures(
    fit: RankerFit, examples: Sequence[Example], judged: Sequence[Example] | None = None
) -> dict[str, Any]:
    """Cross-fitted nDCG@10 on the voted questions: against the default fusion and against the default with
    memory; for all questions, for those with a passage that another question's votes like (``seen``), and
    for the others. ``judged`` are those of the examples that the fit has figures of; None is all that have a
    target. A vote can only land on what was shown, so that these figures know too little of what a
    ranking newly finds."""
    if judged is None:
        judged = [example for example in examples if example.target.any()]
    if not fit.cross_fitted_ndcg or len(fit.cross_fitted_ndcg) != len(judged):
        return {"questions": int(fit.questions)}
    trained, base = np.array(fit.cross_fitted_ndcg), np.array(fit.base_ndcg)
    remembered = _with_memory(judged, examples, MemorySettings())
    seen = np.array(fit.seen, bool)
    parts = {"all": np.ones(len(judged), bool), "seen": seen, "unseen": ~seen}
    return {
        "questions": int(fit.questions),
        "measure": MEASURE,
        "against_default": {name: _change(trained, base, part) for name, part in parts.items()},
        "against_memory": {name: _change(trained, remembered, part) for name, part in parts.items()},
    }


def curves(fit: RankerFit) -> dict[str, Any]:
    """The cross-validated loss by penalty, and the adapter's course in each fold."""
    drawn: dict[str, Any] = {}
    if fit.weights is not None:
        drawn["penalty"] = [
            {"penalty": penalty, "loss": loss} for penalty, loss in sorted(fit.weights.curve.items())
        ]
        drawn["base_loss"] = fit.weights.base_loss
        drawn["chosen_penalty"] = fit.weights.strength
    if fit.adapter is not None:
        drawn["adapter"] = [asdict(curve) for curve in fit.adapter.curves]
    return drawn


def _change(trained: Floats, base: Floats, part: NDArray[np.bool_]) -> dict[str, Any]:
    if not part.any():
        return {"questions": 0}
    difference = paired_bootstrap(trained[part], base[part])
    return {
        "questions": difference.n,
        "base": float(base[part].mean()),
        "trained": float(trained[part].mean()),
        "change": difference.mean,
        "lower": difference.lower,
        "upper": difference.upper,
        "better": difference.wins,
        "worse": difference.losses,
        "sentence": difference.sentence(MEASURE),
    }


def _with_memory(judged: Sequence[Example], examples: Sequence[Example], settings: MemorySettings) -> Floats:
    """nDCG@10 of the default fusion with what other questions' votes lift."""
    memory = memory_of(examples)
    batch = Batch.of(judged)
    scores = batch.fused.copy()
    for row, example in enumerate(judged):
        recall = memory.recall(example.vector, example.keys, settings, but=(str(example.group),))
        count = len(example.keys)
        scores[row, :count] += settings.lift * recall.helped - settings.drop * recall.harmed
    return ndcg(scores, batch.target, batch.present)
