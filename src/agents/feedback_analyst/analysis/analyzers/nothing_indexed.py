"""Nothing is indexed about it."""

from __future__ import annotations

from src.agents.feedback_analyst.analysis.evidence import Diagnosis, Evidence, document_concern, strong
from src.core.messages.insights import Action, Cause

WEAK = 0.36
"""The cosine below which no answer is written at all, where none of the question's words is found either."""
_NEAREST = 3


class NothingIndexed:
    """The answer said that the sources hold none, or the best passage was far from the question; no reader
    has found a right one since, and a search that is repeated now finds no better one."""

    name = "nothing-indexed"

    def diagnose(self, evidence: Evidence) -> Diagnosis | None:
        latest, replay = evidence.latest, evidence.replay
        best = latest.best
        if evidence.targets or not (evidence.failure.refused or best < WEAK):
            return None
        now = replay.best if replay is not None else None
        if now is not None and strong(now) and not evidence.new(now):
            return None  # it is indexed; why it was not enough is for others to say
        if not latest.shown:
            sentence = "No passage was found at all."
        elif evidence.failure.refused:
            sentence = f"The evidence check refused: the nearest passage has a similarity of only {best:.2f}."
        else:
            sentence = f"The nearest passage that was shown has a similarity of only {best:.2f}."
        if evidence.found_now:
            sentence += " A document that was added since is nearer."
        nearest = dict.fromkeys(item.document_id for item in latest.shown[:_NEAREST])
        return Diagnosis(
            Cause.NOTHING_INDEXED,
            Action.ADD_SOURCE,
            0.7 if evidence.failure.refused else 0.5,
            sentence,
            tuple(document_concern(evidence.documents[key]) for key in nearest if key in evidence.documents),
        )
