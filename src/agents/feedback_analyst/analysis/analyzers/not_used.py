"""It was retrieved, but not used."""

from __future__ import annotations

from src.agents.feedback_analyst.analysis.evidence import (
    Diagnosis,
    Evidence,
    Target,
    document_concern,
    passage_concern,
)
from src.core.messages.feedback import Reason
from src.core.messages.insights import Action, Cause


class NotUsed:
    """The answer does not cite a passage that was shown to it and is known to answer the question; or
    readers say that the passages are right and what was made of them is not."""

    name = "not-used"

    def diagnose(self, evidence: Evidence) -> Diagnosis | None:
        if evidence.latest.answer_id is None:
            return None
        unused = next((one for one in evidence.targets if self._unused(evidence, one)), None)
        used = any(self._used(evidence, one) for one in evidence.targets)
        if unused is not None and not used:
            item = evidence.shown(unused)
            assert item is not None
            sentence = (
                f"“{unused.document.name}” answers it ({unused.origin}) and was at "
                f"place {item.rank} of what was shown, but the answer does not cite it."
            )
            return Diagnosis(Cause.NOT_USED, Action.NEW_TEMPLATE, 0.85, sentence, (passage_concern(unused),))
        reasons = evidence.failure.reasons
        if Reason.WRONG_PASSAGES in reasons or not reasons & {Reason.WRONG_ANSWER, Reason.INCOMPLETE}:
            return None
        said = "wrong" if Reason.WRONG_ANSWER in reasons else "incomplete"
        cited = sorted({item.document_id for item in evidence.latest.shown} & evidence.latest.versions.keys())
        return Diagnosis(
            Cause.NOT_USED,
            Action.NEW_TEMPLATE,
            0.6,
            f"Readers call the answer {said}, and do not blame the passages.",
            tuple(document_concern(evidence.documents[key]) for key in cited if key in evidence.documents),
        )

    def _unused(self, evidence: Evidence, target: Target) -> bool:
        return evidence.shown(target) is not None and not self._used(evidence, target)

    def _used(self, evidence: Evidence, target: Target) -> bool:
        latest = evidence.latest
        if target.whole is not None:
            return target.whole in latest.versions
        return not latest.cited.isdisjoint(target.passage_ids)
