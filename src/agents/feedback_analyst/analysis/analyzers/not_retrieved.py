"""It is indexed, but was not retrieved."""

from __future__ import annotations

from src.agents.feedback_analyst.analysis.evidence import (
    DEPTH,
    Diagnosis,
    Evidence,
    Origin,
    Target,
    document_concern,
    passage_concern,
    strong,
)
from src.core.messages.insights import Action, Cause, Concern, ConcernKind

_STRENGTHS = {Origin.GOLDEN: 0.9, Origin.VOTE: 0.8, Origin.CORRECTION: 0.75}


class NotRetrieved:
    """A passage is known to answer it (by a later up-vote for the same or nearly the same question, a
    correction, or a golden set) and was not in the list that was shown; or the answer said that there is
    none, and a deeper search finds a passage that is near."""

    name = "not-retrieved"

    def diagnose(self, evidence: Evidence) -> Diagnosis | None:
        if not evidence.targets:
            return self._found_deeper(evidence)
        if len(evidence.missed) < len(evidence.targets):
            return None  # one of them was shown
        target = max(evidence.missed, key=lambda one: _STRENGTHS[one.origin])
        sentence = (
            f"“{target.document.name}” answers it ({target.origin}), but was not among the "
            f"{len(evidence.latest.shown)} passages that were shown."
        )
        action = Action.TRAIN
        if evidence.replay is not None:
            rank = evidence.replay.rank(target)
            if rank is None:
                # No weighting of the scores brings up what is not even far down.
                action = Action.FIX_DOCUMENT
                sentence += f" {_made(target)} to a depth of {DEPTH} does not find it: it uses other words."
            else:
                sentence += f" {_made(target)} now has it at place {rank}."
        concerns = (passage_concern(target), document_concern(target.document))
        return Diagnosis(
            Cause.NOT_RETRIEVED, action, _STRENGTHS[target.origin], sentence, tuple(dict.fromkeys(concerns))
        )

    def _found_deeper(self, evidence: Evidence) -> Diagnosis | None:
        best = evidence.replay.best if evidence.replay is not None else None
        if best is None or not evidence.failure.refused or evidence.new(best) or not strong(best):
            return None
        if evidence.latest.holds(frozenset((best.passage_id, *best.duplicates)), None):
            return None
        near = Concern(kind=ConcernKind.PASSAGE, id=best.passage_id, title=best.title or best.external_id)
        sentence = (
            f"The answer said that the sources hold none, but a search of the collection has “{near.title}” "
            f"at place {best.rank} with a similarity of {best.scores.dense or 0.0:.2f}."
        )
        return Diagnosis(Cause.NOT_RETRIEVED, Action.TRAIN, 0.6, sentence, (near,))


def _made(target: Target) -> str:
    """A replay remembers no votes for the very question: it tells of those who ask in other words."""
    return "Without those votes a search" if target.origin is Origin.VOTE else "A search"
