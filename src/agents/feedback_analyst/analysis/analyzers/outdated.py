"""The source is out of date."""

from __future__ import annotations

from src.agents.feedback_analyst.analysis.evidence import (
    Diagnosis,
    Evidence,
    document_concern,
    source_concern,
)
from src.agents.feedback_analyst.analysis.failures import Sign
from src.core.messages.feedback import Reason
from src.core.messages.insights import Action, Cause


class Outdated:
    """Readers say so; or a document that the disliked answer cites was changed or removed afterwards."""

    name = "outdated"

    def diagnose(self, evidence: Evidence) -> Diagnosis | None:
        if Reason.OUTDATED in evidence.failure.reasons:
            return self._about(evidence, self._cited(evidence), 0.9, "Readers say that it is out of date.")
        if evidence.failure.signs <= {Sign.REFUSED, Sign.UNSUPPORTED}:
            return None
        changed = self._changed(evidence)
        gone = evidence.gone & evidence.latest.versions.keys()
        if not changed and not gone:
            return None
        names = [evidence.documents[key].name for key in changed]
        told = [f"“{name}” has changed since it was cited." for name in names[:2]]
        if gone:
            told.append("A document that was cited is not here any more.")
        return self._about(evidence, changed, 0.65, " ".join(told))

    def _cited(self, evidence: Evidence) -> list[str]:
        """The cited documents; for a search those whose passages were disliked, else the first."""
        latest = evidence.latest
        if latest.versions:
            return list(latest.versions)
        disliked = [item.document_id for item in latest.shown if item.passage_id in latest.disliked]
        return list(dict.fromkeys(disliked or [item.document_id for item in latest.shown[:1]]))

    def _changed(self, evidence: Evidence) -> list[str]:
        latest, documents = evidence.latest, evidence.documents
        return [
            key
            for key, cited in latest.versions.items()
            if key in documents and cited is not None and documents[key].live_hash not in (cited, None)
        ]

    def _about(self, evidence: Evidence, keys: list[str], strength: float, sentence: str) -> Diagnosis:
        facts = [evidence.documents[key] for key in keys if key in evidence.documents]
        sources = [concern for one in facts for concern in source_concern(one)]
        concerns = dict.fromkeys([*map(document_concern, facts), *sources])
        # What comes from a source is brought up to date there; what was uploaded, by its owner.
        action = Action.REINGEST if sources else Action.FIX_DOCUMENT
        return Diagnosis(Cause.OUTDATED, action, strength, sentence, tuple(concerns))
