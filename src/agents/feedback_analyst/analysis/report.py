"""From diagnosed questions to insights."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from src.core.messages.insights import Action, Cause, Concern, ConcernKind, FailedQuestion
from src.services.insights.clustering import Floats, central, groups, overlap
from src.services.insights.naming import Wording, phrase
from src.services.insights.trend import trend

from .analyzer import Analyzer, strongest
from .evidence import Diagnosis, Evidence, Words
from .failures import Failure

ALIKE = 0.6
_MEANING, _REASONS, _SOURCES = 0.75, 0.1, 0.15
_SOURCES_LOOKED_AT = 5
_EXAMPLES = 5
_CONCERNS = 8
_LONGEST_TITLE = 160
_ENDS = (".", "?", "!", "…")
"""Many a document has a question as its title."""
MOST_INSIGHTS = 50


@dataclass(frozen=True)
class Period:
    """The time that a report is about, and the one before of the same length, with how much was asked."""

    now: datetime
    days: int
    asked: int = 0
    asked_before: int = 0

    @property
    def start(self) -> datetime:
        return self.now - timedelta(days=self.days)

    @property
    def before(self) -> datetime:
        return self.start - timedelta(days=self.days)


@dataclass(frozen=True)
class Diagnosed:
    """A failing question with its cause, and the name of the analyzer that told it."""

    evidence: Evidence
    analyzer: str
    diagnosis: Diagnosis


@dataclass
class Draft:
    """An insight before it has a record; ``fields`` are those of the message."""

    keys: tuple[str, ...]
    cause: str
    size: int
    title: str
    words: tuple[str, ...]
    examples: tuple[str, ...]
    fields: dict[str, object]


def similarity(evidence: Sequence[Evidence]) -> Floats:
    """How alike the questions are, by meaning, the readers' reasons, and the sources of what was shown:
    the weighted sum of three cosines, of shape ``(questions, questions)``."""
    vectors = np.stack([one.failure.vector for one in evidence])
    reasons = overlap([one.failure.reasons for one in evidence])
    sources = overlap([_sources(one) for one in evidence])
    alike: Floats = _MEANING * (vectors @ vectors.T) + _REASONS * reasons + _SOURCES * sources
    return alike


def _sources(one: Evidence) -> frozenset[str]:
    ids = [item.document_id for item in one.latest.shown[:_SOURCES_LOOKED_AT]]
    return frozenset(one.documents[key].source_id or key if key in one.documents else key for key in ids)


def drafts(
    evidence: Sequence[Evidence], analyzers: Sequence[Analyzer], words: Words, period: Period
) -> list[Draft]:
    """The insights, the largest group first; groups that did not fail in this period are left out."""
    if not evidence:
        return []
    diagnosed = [Diagnosed(one, *strongest(analyzers, one)) for one in evidence]
    alike = similarity(evidence)
    wording = Wording([one.failure.question for one in evidence], words)
    found = [
        _draft(diagnosed, places, alike, wording, period)
        for places in groups(alike, ALIKE)
        if any(diagnosed[place].evidence.latest.at >= period.start for place in places)
    ]
    return _told_apart(sorted(found, key=lambda one: (-one.size, one.keys))[:MOST_INSIGHTS])


def _told_apart(found: Sequence[Draft]) -> list[Draft]:
    """A group with the words of a larger one is called by its question instead."""
    taken: set[str] = set()
    told = []
    for one in found:
        title = one.title if one.title not in taken else _shortened(str(one.fields["question"]))
        taken.add(title)
        told.append(replace(one, title=title))
    return told


def _draft(
    diagnosed: Sequence[Diagnosed], places: Sequence[int], alike: Floats, wording: Wording, period: Period
) -> Draft:
    members = [diagnosed[place] for place in places]
    failures = [member.evidence.failure for member in members]
    here = {pair for one in failures for pair in one.counted(period.start, period.now + timedelta(days=1))}
    before = {pair for one in failures for pair in one.counted(period.before, period.start)}
    question = diagnosed[central(alike, places)].evidence.failure.question
    telling = wording.telling(places)
    cause = _main_cause(members)
    of_cause = sorted(
        (member for member in members if member.diagnosis.cause == cause),
        key=lambda member: (-member.diagnosis.strength, -member.evidence.latest.at.timestamp()),
    )
    found_now = sum(member.evidence.found_now for member in members)
    action = of_cause[0].diagnosis.action if found_now < len(members) else Action.WAIT
    concerns = _concerns(of_cause)
    examples = [*of_cause, *(member for member in members if member not in of_cause)][:_EXAMPLES]
    return Draft(
        keys=tuple(sorted(one.key for one in failures)),
        cause=cause,
        size=len(here),
        title=_title(question, telling, len(members)),
        words=telling,
        examples=tuple(member.evidence.failure.question for member in examples),
        fields={
            "analyzer": of_cause[0].analyzer,
            "question": question,
            "evidence": _evidence(of_cause, len(members)),
            "action": action,
            "proposal": proposal(action, cause, concerns),
            "concerns": concerns,
            "before": len(before),
            "trend": trend(len(here), len(before), asked_now=period.asked, asked_before=period.asked_before),
            "questions": len(members),
            "readers": len({one.user_id for failure in failures for one in failure.occurrences}),
            "found_now": found_now,
            "causes": dict(Counter(member.diagnosis.cause for member in members).most_common()),
            "reasons": dict(Counter(r.value for one in failures for r in sorted(one.reasons)).most_common()),
            "signals": dict(_signals(failures).most_common()),
            "examples": tuple(_example(member) for member in examples),
            "rating_ids": tuple(
                sorted({key for one in failures for o in one.occurrences for key in o.rating_ids})
            ),
            "period_days": period.days,
        },
    )


def _main_cause(members: Sequence[Diagnosed]) -> str:
    """The cause with the most evidence, where at least a third of the questions have it."""
    sums: dict[str, float] = {}
    for member in members:
        sums[member.diagnosis.cause] = sums.get(member.diagnosis.cause, 0.0) + member.diagnosis.strength
    best = max(sums, key=lambda cause: (round(sums[cause], 6), cause))
    count = sum(member.diagnosis.cause == best for member in members)
    return best if 3 * count >= len(members) or Cause.UNKNOWN not in sums else Cause.UNKNOWN


def _title(question: str, telling: Sequence[str], count: int) -> str:
    if count == 1 or not telling:
        return _shortened(question)
    return f"Questions about {phrase(telling)}"


def _shortened(question: str) -> str:
    return question if len(question) <= _LONGEST_TITLE else f"{question[: _LONGEST_TITLE - 1]}…"


def _evidence(members: Sequence[Diagnosed], count: int) -> str:
    sentence = members[0].diagnosis.sentence
    return sentence if count == 1 else f"This holds for {len(members)} of {count} questions. {sentence}"


def _concerns(members: Sequence[Diagnosed]) -> tuple[Concern, ...]:
    counts = Counter(concern for member in members for concern in member.diagnosis.concerns)
    return tuple(concern for concern, _ in counts.most_common(_CONCERNS))


def _example(member: Diagnosed) -> FailedQuestion:
    latest = member.evidence.latest
    return FailedQuestion(
        question=latest.question,
        asked_at=latest.at,
        query_id=latest.search_id,
        answer_id=latest.answer_id,
        cause=member.diagnosis.cause,
        evidence=member.diagnosis.sentence,
        found_now=member.evidence.found_now,
    )


_PROPOSALS: Mapping[str, str] = {
    Action.ADD_SOURCE: "Add a document or a source about it.",
    Action.REINGEST: "Bring the source up to date, and look at its schedule.",
    Action.TRAIN: "Train on the votes: what readers found right teaches the ranking to bring it up.",
    Action.NEW_TEMPLATE: "Try another prompt template.",
    Action.FIX_DOCUMENT: "Change the document.",
    Action.LOOK: "Read the questions below; a rating with a reason, or a correction, would tell more.",
    Action.WAIT: "Nothing more is needed: a search finds it now.",
}
_CLOSER: Mapping[tuple[str, str], str] = {
    (
        Action.NEW_TEMPLATE,
        Cause.UNCLEAR_QUESTION,
    ): "Try a prompt template that asks for what is missing.",
    (Action.NEW_TEMPLATE, Cause.NOT_USED): "Try a prompt template that keeps closer to all the passages.",
    (Action.FIX_DOCUMENT, Cause.NOT_RETRIEVED): "Use the readers' words in the document.",
    (Action.FIX_DOCUMENT, Cause.OUTDATED): "Upload a current version of the document.",
}


def proposal(action: str, cause: str, concerns: Sequence[Concern]) -> str:
    """What could be done, in a sentence, with the first thing that it concerns."""
    text = _CLOSER.get((action, cause), _PROPOSALS[action])
    kinds = {Action.FIX_DOCUMENT: ConcernKind.DOCUMENT, Action.REINGEST: ConcernKind.SOURCE}
    first = next((one for one in concerns if one.kind == kinds.get(Action(action))), None)
    if first is None:
        return text
    return f"{text[:-1]}: {first.title}{'' if first.title.endswith(_ENDS) else '.'}"


def _signals(failures: Sequence[Failure]) -> Counter[str]:
    """What the readers did after the failures, each once for a failure."""
    return Counter(kind for one in failures for failed in one.occurrences for kind in sorted(failed.signals))
