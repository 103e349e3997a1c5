"""Whether questions and scores are still of the kind that they were."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import func, select

from src.agents.monitor.measuring import Family, Look, Sample
from src.core.ports import Embedder, Vectors
from src.database.models import SearchRecord
from src.database.uow import Work
from src.services.evaluation.drift import Drift, energy_drift, novelty, stability
from src.services.text.questions import question_key

DAY_S = 86_400.0
REFERENCE_S = 28 * DAY_S
LEVEL = 0.001
"""An alert takes an effect that chance makes this seldom, at each look."""
_DIGITS = 6


@dataclass(frozen=True)
class _Window:
    """A uniform sample of the searches of one span of time."""

    questions: dict[str, str]
    scores: dict[str, list[float]]


class DriftCollector:
    """Compares the searches of the last day with those of the four weeks before, in samples of bounded size.

    Of questions that were asked several times one counts. Fewer than ``least_questions`` or
    ``least_scores`` in either span say nothing, and then nothing is said."""

    name = "drift"
    families = (
        Family("stoa_drift_questions", "gauge", "Different questions that were compared, by span."),
        Family(
            "stoa_question_drift", "gauge", "Energy distance of the last day's questions to those before."
        ),
        Family("stoa_question_drift_p", "gauge", "Probability of such a distance by chance."),
        Family("stoa_question_novelty", "gauge", "Distance to the nearest question before; 1 is usual."),
        Family("stoa_score_drift", "gauge", "Population stability index of the best hit's score."),
        Family("stoa_score_drift_p", "gauge", "Probability of such an index by chance."),
    )

    def __init__(
        self,
        embedder: Embedder,
        *,
        seconds: float = 3600.0,
        most: int = 250,
        least_questions: int = 50,
        least_scores: int = 100,
    ) -> None:
        self.seconds = seconds
        self._embedder = embedder
        self._most = most
        self._least_questions = least_questions
        self._least_scores = least_scores

    def collect(self, look: Look) -> Iterator[Sample]:
        with look.database.read() as work:
            recent = self._window(work, look.ago(DAY_S), look.now)
            before = self._window(work, look.ago(DAY_S + REFERENCE_S), look.ago(DAY_S))
        for span, window in (("recent", recent), ("reference", before)):
            yield Sample("stoa_drift_questions", len(window.questions), {"span": span})
        if min(len(recent.questions), len(before.questions)) >= self._least_questions:
            new, old = self._vectors(recent), self._vectors(before)
            yield from _samples("stoa_question_drift", energy_drift(new, old), {})
            yield Sample("stoa_question_novelty", novelty(new, old), {}, len(new))
        for score in ("dense", "fused"):
            fresh, usual = recent.scores[score], before.scores[score]
            if min(len(fresh), len(usual)) >= self._least_scores:
                drift = stability(np.array(fresh), np.array(usual))
                yield from _samples("stoa_score_drift", drift, {"score": score})

    def _vectors(self, window: _Window) -> Vectors:
        return np.stack([self._embedder.embed_query(text) for text in window.questions.values()])

    def _window(self, work: Work, since: datetime, until: datetime) -> _Window:
        spanned = (SearchRecord.at >= since, SearchRecord.at < until, SearchRecord.user_id.is_not(None))
        total = work.session.scalar(select(func.count()).select_from(SearchRecord).where(*spanned)) or 0
        query = select(SearchRecord.query, SearchRecord.hits).where(*spanned)
        if total > self._most:
            # The last digits of an id are random: a threshold on them is a uniform sample.
            limit = int(self._most / total * 16**_DIGITS)
            last_digits = func.substr(SearchRecord.id, 33 - _DIGITS, _DIGITS)
            query = query.where(last_digits < f"{limit:0{_DIGITS}x}")
        rows = work.session.execute(query.order_by(SearchRecord.id).limit(2 * self._most)).all()
        return _Window(
            {question_key(text): text for text, _ in rows},
            {
                "dense": [best for _, hits in rows if (best := _best(hits, "dense")) is not None],
                "fused": [best for _, hits in rows if (best := _best(hits, "fused")) is not None],
            },
        )


def _best(hits: Sequence[dict[str, Any]], score: str) -> float | None:
    found = [hit["scores"][score] for hit in hits if hit["scores"].get(score) is not None]
    return max(found, default=None)


def _samples(name: str, drift: Drift, labels: dict[str, str]) -> Iterator[Sample]:
    count = min(drift.recent, drift.reference)
    yield Sample(name, drift.effect, labels, count, chance=drift.p > LEVEL)
    yield Sample(f"{name}_p", drift.p, labels, count)
