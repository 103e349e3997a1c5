"""It was found, but stood below what did not help."""

from __future__ import annotations

from src.agents.feedback_analyst.analysis.evidence import Diagnosis, Evidence, passage_concern
from src.core.messages.insights import Action, Cause


class RankedLow:
    """A search had a passage that is known to be right below one that a reader disliked."""

    name = "ranked-low"

    def diagnose(self, evidence: Evidence) -> Diagnosis | None:
        latest = evidence.latest
        disliked = [item.rank for item in latest.shown if item.passage_id in latest.disliked]
        if latest.answer_id is not None or not disliked:
            return None
        places = [(item.rank, target) for target in evidence.targets if (item := evidence.shown(target))]
        if not places:
            return None
        rank, target = min(places, key=lambda place: place[0])
        if rank < min(disliked):
            return None
        sentence = (
            f"“{target.document.name}” answers it ({target.origin}) and was at place {rank}, below place "
            f"{min(disliked)}, which a reader found wrong."
        )
        return Diagnosis(Cause.RANKED_LOW, Action.TRAIN, 0.75, sentence, (passage_concern(target),))
