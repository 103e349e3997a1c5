"""What a version reached on a set of questions, as a change with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from src.core.messages.models import Evaluation


@dataclass(frozen=True)
class Change:
    """A change of nDCG@10 with its interval, where that was computed."""

    mean: float
    lower: float | None
    upper: float | None

    @property
    def tone(self) -> str:
        """``better`` or ``worse`` where the interval leaves 0 out."""
        if self.lower is not None and self.lower > 0:
            return "better"
        return "worse" if self.upper is not None and self.upper < 0 else ""


def change_of(evaluation: Evaluation) -> Change | None:
    """None where there was too little to compute one."""
    for part in ("ndcg", "all"):
        told: Mapping[str, Any] = evaluation.figures.get(part) or {}
        mean = told.get("mean", told.get("change"))
        if mean is not None:
            return Change(mean, told.get("lower"), told.get("upper"))
    return None
