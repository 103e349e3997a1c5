"""How long searches and answers take, by stage."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from sqlalchemy import select

from src.agents.monitor.measuring import Family, Look, Sample
from src.database.models import AnswerRecord, SearchRecord

HOUR_S = 3600.0
NEWEST = 1000
QUANTILES = (0.5, 0.95, 0.99)


class LatencyCollector:
    """Quantiles over the newest searches and answers of the last hour. A quantile is given where it has at
    least one observation beyond it: the 0.99 of ten answers would be a guess."""

    name = "latency"
    seconds = 60.0
    families = (
        Family("stoa_search_seconds", "gauge", "Time of a search by stage: quantiles of the last hour."),
        Family("stoa_answer_seconds", "gauge", "Time of an answer by stage: quantiles of the last hour."),
        Family("stoa_timed", "gauge", "Searches and answers that the quantiles are of."),
    )

    def collect(self, look: Look) -> Iterator[Sample]:
        since = look.ago(HOUR_S)
        searches = select(SearchRecord.took_ms).where(SearchRecord.at >= since)
        answers = select(AnswerRecord.took_ms).where(AnswerRecord.asked_at >= since)
        with look.database.read() as work:
            found = {
                "search": work.session.scalars(searches.order_by(SearchRecord.at.desc()).limit(NEWEST)).all(),
                "answer": work.session.scalars(
                    answers.order_by(AnswerRecord.asked_at.desc()).limit(NEWEST)
                ).all(),
            }
        for what, rows in found.items():
            yield Sample("stoa_timed", len(rows), {"of": what})
            yield from _quantiles(f"stoa_{what}_seconds", rows)


def _quantiles(name: str, rows: Iterable[Mapping[str, Any]]) -> Iterator[Sample]:
    stages: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        for stage, taken_ms in row.items():
            stages[stage].append(float(taken_ms) / 1000)
    for stage, taken in sorted(stages.items()):
        for quantile in QUANTILES:
            if len(taken) * (1 - quantile) >= 1 - 1e-9:
                value = float(np.quantile(taken, quantile))
                yield Sample(name, value, {"stage": stage, "quantile": f"{quantile:g}"}, len(taken))
