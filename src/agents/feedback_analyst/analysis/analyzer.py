"""The contract of an analyzer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from src.core.messages.insights import Action, Cause

from .evidence import Diagnosis, Evidence


class Analyzer(Protocol):
    """Recognises one cause of failing questions by evidence. It is asked for each of them, keeps no state,
    and says nothing where the evidence says nothing."""

    @property
    def name(self) -> str:
        """Stable; stands in reports."""

    def diagnose(self, evidence: Evidence) -> Diagnosis | None: ...


NOTHING_TOLD = Diagnosis(
    Cause.UNKNOWN,
    Action.LOOK,
    0.0,
    "Nothing that is known of it tells why.",
)


def strongest(analyzers: Sequence[Analyzer], evidence: Evidence) -> tuple[str, Diagnosis]:
    """The name of the analyzer with the best supported diagnosis, and that; the first of equals."""
    best = ("", NOTHING_TOLD)
    for analyzer in analyzers:
        found = analyzer.diagnose(evidence)
        if found is not None and found.strength > best[1].strength:
            best = (analyzer.name, found)
    return best
