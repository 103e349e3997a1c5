"""What it says is right, how it says it is not."""

from __future__ import annotations

from src.agents.feedback_analyst.analysis.evidence import Diagnosis, Evidence
from src.core.messages.feedback import Reason
from src.core.messages.insights import Action, Cause


class WrongWording:
    """Readers dislike the way in which the answer is written."""

    name = "wording"

    def diagnose(self, evidence: Evidence) -> Diagnosis | None:
        if Reason.WRONG_TONE not in evidence.failure.reasons:
            return None
        return Diagnosis(
            Cause.WORDING,
            Action.NEW_TEMPLATE,
            0.55,
            "Readers dislike the way in which the answer is written.",
        )
