"""The requests of the last hour: how many, how they ended, how long they took."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import case, func, select

from src.agents.monitor.measuring import Family, Look, Sample
from src.database.models import ActivityLine

HOUR_S = 3600.0


class TrafficCollector:
    """Counts over one pass of an index; what the caller got wrong is no failure of Stoa."""

    name = "traffic"
    seconds = 60.0
    families = (
        Family("stoa_requests", "gauge", "Requests of the last hour by capability."),
        Family("stoa_requests_failed", "gauge", "Requests of the last hour that failed by Stoa's fault."),
        Family("stoa_requests_mean_seconds", "gauge", "Mean time of the last hour's requests."),
        Family("stoa_failed_share", "gauge", "Share of the last hour's requests that failed."),
    )

    def collect(self, look: Look) -> Iterator[Sample]:
        failed = func.sum(case((ActivityLine.error.is_not(None), 1), else_=0))
        query = (
            select(ActivityLine.capability, func.count(), failed, func.avg(ActivityLine.duration_ms))
            .where(ActivityLine.at >= look.ago(HOUR_S))
            .group_by(ActivityLine.capability)
        )
        with look.database.read() as work:
            rows = work.session.execute(query).all()
        for capability, count, failures, mean_ms in sorted(rows):
            labels = {"capability": capability}
            yield Sample("stoa_requests", count, labels)
            yield Sample("stoa_requests_failed", failures, labels)
            yield Sample("stoa_requests_mean_seconds", mean_ms / 1000, labels, count)
        total = sum(row[1] for row in rows)
        if total:
            yield Sample("stoa_failed_share", sum(row[2] for row in rows) / total, {}, total)
