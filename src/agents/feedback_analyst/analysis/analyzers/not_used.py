"""It was retrieved, but not used."""

from __future__ import annotations

from src.agents.feedback_analyst.analysis.evidence import (
    STRONG,
    Diagnosis,
    Evidence,
    Target,
    document_concern,
    passage_concern,
)
from src.agents.feedback_analyst.analysis.failures import Shown, Sign
from src.core.messages.feedback import Reason
from src.core.messages.insights import Action, Cause, Concern


class NotUsed:
    """The answer does not cite a passage that was shown to it and is known to answer the question; or
    readers say that the passages are right and what was made of them is not; or near passages were shown
    to the language model, and it said what none of them supports."""

    name = "not-used"

    def diagnose(self, evidence: Evidence) -> Diagnosis | None:
        if evidence.latest.answer_id is None:
            return None
        return self._uncited(evidence) or self._said(evidence) or self._unsupported(evidence)

    def _uncited(self, evidence: Evidence) -> Diagnosis | None:
        shown = [(target, item) for target in evidence.targets if (item := evidence.shown(target))]
        if not shown or any(self._used(evidence, target, item) for target, item in shown):
            return None
        target, item = shown[0]
        sentence = (
            f"“{target.document.name}” answers it ({target.origin}) and was at place {item.rank} of what was "
            "shown, but the answer does not cite it."
        )
        return Diagnosis(Cause.NOT_USED, Action.NEW_TEMPLATE, 0.85, sentence, (passage_concern(target),))

    def _said(self, evidence: Evidence) -> Diagnosis | None:
        reasons = evidence.failure.reasons
        if Reason.WRONG_PASSAGES in reasons or not reasons & {Reason.WRONG_ANSWER, Reason.INCOMPLETE}:
            return None
        said = "wrong" if Reason.WRONG_ANSWER in reasons else "incomplete"
        sentence = f"Readers call the answer {said}, and do not blame the passages."
        return Diagnosis(Cause.NOT_USED, Action.NEW_TEMPLATE, 0.6, sentence, _cited(evidence))

    def _unsupported(self, evidence: Evidence) -> Diagnosis | None:
        if Sign.UNSUPPORTED not in evidence.latest.signs or evidence.latest.best < STRONG:
            return None
        sentence = "Statements of the answer have no source, although near passages were shown."
        return Diagnosis(Cause.NOT_USED, Action.NEW_TEMPLATE, 0.4, sentence, _cited(evidence))

    def _used(self, evidence: Evidence, target: Target, item: Shown) -> bool:
        latest = evidence.latest
        if target.whole is not None:
            return target.whole in latest.versions
        return not latest.cited.isdisjoint({item.passage_id, *target.passage_ids})


def _cited(evidence: Evidence) -> tuple[Concern, ...]:
    cited = [key for key in evidence.latest.versions if key in evidence.documents]
    return tuple(document_concern(evidence.documents[key]) for key in cited)
