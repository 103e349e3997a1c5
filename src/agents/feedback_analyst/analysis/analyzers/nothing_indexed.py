"""Nothing is indexed about it."""

from __future__ import annotations

from src.agents.feedback_analyst.analysis.evidence import Diagnosis, Evidence, document_concern, strong
from src.core.messages.insights import Action, Cause
from src.core.messages.questions import Hit

WEAK = 0.36
"""The cosine below which no answer is written at all, where none of the question's words is found either."""
_NEAREST = 3


class NothingIndexed:
    """The answer said that the sources hold none; or what was shown was far from the question, or fitted it
    less than it nearly always does where readers of the collection find something right. Nobody has found a
    right one since, and a search that is repeated now finds no better one. Or what it finds is no evidence
    for an answer at all, by the measure of the check before one is written."""

    name = "nothing-indexed"

    def diagnose(self, evidence: Evidence) -> Diagnosis | None:
        if evidence.targets:
            return None
        told = self._told(evidence)
        now = evidence.replay.best if evidence.replay is not None else None
        if told is None or (now is not None and self._near(evidence, now) and not evidence.new(now)):
            return None
        strength, sentence = told
        if evidence.found_now:
            sentence += " A document that was added since is nearer."
        nearest = dict.fromkeys(item.document_id for item in evidence.latest.shown[:_NEAREST])
        return Diagnosis(
            Cause.NOTHING_INDEXED,
            Action.ADD_SOURCE,
            strength,
            sentence,
            tuple(document_concern(evidence.documents[key]) for key in nearest if key in evidence.documents),
        )

    def _told(self, evidence: Evidence) -> tuple[float, str] | None:
        """How strong the evidence is, and what it is."""
        latest, weighed, usual = evidence.latest, evidence.weighed, evidence.usual
        only = f"has a similarity of only {latest.best:.2f}."
        if not latest.shown:
            return 0.7, "No passage was found at all."
        if evidence.failure.refused:
            return 0.7, f"The evidence check refused: the nearest passage {only}"
        if latest.best < WEAK:
            return 0.5, f"The nearest passage that was shown {only}"
        if weighed is not None and not weighed.enough:
            return 0.5, (
                "What a search finds is no evidence for an answer: the nearest passage has a similarity of "
                f"only {weighed.cosine:.2f}, which the words that stand in both do not make up for."
            )
        if usual is not None and latest.best_fused < usual:
            return 0.35, (
                f"The best of what was shown scores {latest.best_fused:.2f} by meaning and words; where "
                f"readers found something right it was above {usual:.2f} nine times of ten."
            )
        return None

    def _near(self, evidence: Evidence, now: Hit) -> bool:
        """Whether what a search finds now is near enough to say that it is indexed after all."""
        if evidence.weighed is not None and not evidence.weighed.enough:
            return False
        refused = evidence.failure.refused or not evidence.latest.shown
        if refused or evidence.usual is None or evidence.replay is None:
            return strong(now)
        return (now.scores.dense or 0.0) >= WEAK and evidence.replay.best_fused >= evidence.usual
