"""Who sees which arm: sticky, without a table, and checked for a broken split."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from .normal import chi_square_tail

CONTROL, TREATMENT = "control", "treatment"
_ALARM = 0.001


def halves(share: float) -> dict[str, float]:
    """The weights of the two arms that ``share`` of the units are split into, and of the rest, whose name
    is empty."""
    return {CONTROL: share / 2, TREATMENT: share / 2, "": 1.0 - share}


def assign(experiment: str, unit: str, arms: Mapping[str, float]) -> str:
    """The arm of ``unit`` (an account, a conversation), always the same for the same experiment.

    ``arms`` maps names to their weights; 0 takes an arm out. Other experiments split independently, because
    the hash is of both ids. Raises ValueError where no weight is positive.
    """
    total = sum(arms.values())
    if total <= 0 or any(weight < 0 for weight in arms.values()):
        raise ValueError("An experiment needs weights of 0 or more, and one above 0.")
    place = fraction(experiment, unit) * total
    chosen = ""
    for name, weight in arms.items():
        if weight:
            chosen = name
            if place < weight:
                break
            place -= weight
    return chosen


def fraction(*parts: str) -> float:
    """A number in [0, 1) that looks random and depends on ``parts`` alone."""
    digest = sha256("\x1f".join(parts).encode()).digest()
    return int.from_bytes(digest[:7], "big") / 2**56


@dataclass(frozen=True)
class SampleRatio:
    """Whether the arms got their shares of the units. ``broken`` means: trust no result of this trial."""

    probability: float
    broken: bool
    sentence: str


def sample_ratio(counts: Mapping[str, int], arms: Mapping[str, float]) -> SampleRatio:
    """Chi-square test of the ``counts`` of distinct units against the weights in ``arms``.

    The alarm is at p < 0.001, so that looking daily gives few false ones. Counts must be of units, not of
    requests: one busy reader would break the split by himself.
    """
    weights = {name: weight for name, weight in arms.items() if weight > 0}
    total, whole = sum(counts.get(name, 0) for name in weights), sum(weights.values())
    if not total or len(weights) < 2:
        return SampleRatio(1.0, False, "Nobody has been assigned yet.")
    expected = {name: total * weight / whole for name, weight in weights.items()}
    statistic = sum((counts.get(name, 0) - wanted) ** 2 / wanted for name, wanted in expected.items())
    probability = chi_square_tail(statistic, len(weights) - 1)
    shown = ", ".join(
        f"{name} {counts.get(name, 0)} (expected {wanted:.0f})" for name, wanted in expected.items()
    )
    if probability < _ALARM:
        said = f"The split is broken: {shown}, p {probability:.2g}. Find out why before trusting any result."
        return SampleRatio(probability, True, said)
    return SampleRatio(probability, False, f"The split is as planned: {shown}.")
