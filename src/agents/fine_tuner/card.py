"""A model's card: what it is made of and from, for people."""

from __future__ import annotations

from typing import Any

from src.database.models import DatasetRecord
from src.services.ranking.linear import RankWeights
from src.services.ranking.memory import MemorySettings
from src.services.ranking.training import RankerFit
from src.services.ranking.wording import in_words

_TELLING = 4


def model_card(
    fit: RankerFit,
    dataset: DatasetRecord,
    figures: dict[str, Any],
    *,
    trainer: str,
    embedding_version: str,
    replaced_votes: int,
) -> dict[str, Any]:
    """Plain JSON. ``replaced_votes`` are those that the model before learned from and that are gone."""
    counts = dataset.counts
    card: dict[str, Any] = {
        "summary": _summary(fit, counts, figures),
        "trainer": trainer,
        "rungs": _rungs(fit),
        "embedding_version": embedding_version,
        "trained_on": {
            "dataset_id": dataset.id,
            "dataset_version": dataset.version,
            "votes": counts["taken"],
            "questions": int(fit.questions),
            "readers": counts["readers"],
        },
        "figures": figures,
        "findings": [
            {"code": finding.code, "detail": finding.detail, "fatal": finding.fatal}
            for finding in fit.findings
        ],
    }
    if fit.ranker.weights is not None:
        card["weights"] = weights_told(fit.ranker.weights)
    if replaced_votes:
        card["forgets"] = (
            f"{replaced_votes} votes that the live model learned from are gone; this one does not know them."
            if replaced_votes != 1
            else "1 vote that the live model learned from is gone; this one does not know it."
        )
    return card


def from_whom(counts: dict[str, Any]) -> str:
    """Whose votes a data set took, by its counts."""
    said, readers = counts.get("of_readers", counts["taken"]), counts["readers"]
    told = f"{said} vote{'' if said == 1 else 's'} of {readers} reader{'' if readers == 1 else 's'}"
    brought = counts["taken"] - said
    return f"{told} and {brought} that documents brought along" if brought else told


def weights_told(weights: RankWeights) -> dict[str, float]:
    """What each feature weighs, the weightiest first."""
    learned = {name: float(value) for name, value in zip(weights.names, weights.weights, strict=True)}
    return dict(sorted(learned.items(), key=lambda item: -abs(item[1])))


def _rungs(fit: RankerFit) -> list[str]:
    rungs = ["memory"] if fit.ranker.memory else []
    if fit.ranker.weights is not None:
        rungs.append("rank weights")
    if fit.ranker.adapter is not None:
        rungs.append("query adapter")
    return rungs


def _summary(fit: RankerFit, counts: dict[str, Any], figures: dict[str, Any]) -> str:
    learned = (
        f"Learned from {from_whom(counts)}, on {fit.questions} questions: "
        f"{' and '.join(_rungs(fit)) or 'the default fusion'}."
    )
    if fit.ranker.memory is not None and fit.ranker.weights is not None:
        learned += f" {_reach(fit.ranker.memory)}"
    change = figures.get("against_default", {}).get("all", {}).get("sentence")
    if change:
        learned += f" On questions held out in turn, against the default fusion: {change}."
    if fit.ranker.weights is not None:
        weights = fit.ranker.weights
        ordered = sorted(zip(weights.names, weights.weights, strict=True), key=lambda item: -abs(item[1]))
        telling = [
            f"{in_words(name)} ({value:+.3f})" for name, value in ordered[:_TELLING] if abs(value) >= 0.0005
        ]
        if telling:
            learned += f" What it looks at most in a passage, beside the default: {'; '.join(telling)}."
    return learned


def _reach(memory: MemorySettings) -> str:
    """How far memory speaks, which the votes have chosen."""
    how = ", the more the nearer they are" if memory.sloped else ""
    return f"What helped lifts for questions alike by a cosine of {memory.threshold:g} or more{how}."
