"""The question is unclear."""

from __future__ import annotations

from src.agents.feedback_analyst.analysis.evidence import Diagnosis, Evidence
from src.agents.feedback_analyst.analysis.failures import Sign
from src.core.messages.insights import Action, Cause

_FEW_WORDS = 2
_SPREAD = 0.05
_LOOKED_AT = 5
_STRENGTHS = {2: 0.72, 3: 0.8}


class UnclearQuestion:
    """At least two of three: it has hardly any words, several documents match it about equally well, and its
    reader soon asked again in other words."""

    name = "unclear-question"

    def diagnose(self, evidence: Evidence) -> Diagnosis | None:
        if evidence.targets:
            return None  # readers know what is meant
        told = []
        if len(set(evidence.words)) <= _FEW_WORDS:
            told.append("it has hardly any words")
        if self._spread(evidence):
            told.append("several documents match it about equally well")
        if Sign.ASKED_AGAIN in evidence.failure.signs:
            told.append("its reader soon asked again in other words")
        if len(told) not in _STRENGTHS:
            return None
        sentence = f"The question is hard to understand: {', and '.join(told)}."
        return Diagnosis(Cause.UNCLEAR_QUESTION, Action.NEW_TEMPLATE, _STRENGTHS[len(told)], sentence)

    def _spread(self, evidence: Evidence) -> bool:
        """Whether the first passages are of different documents and have about the same similarity."""
        first = evidence.latest.shown[:_LOOKED_AT]
        scores = [item.dense for item in first]
        documents = {item.document_id for item in first}
        return len(documents) == _LOOKED_AT and max(scores) - min(scores) <= _SPREAD
