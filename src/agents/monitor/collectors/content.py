"""How much there is to be found."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, select

from src.agents.monitor.measuring import Family, Look, Sample
from src.database.models import DocumentRecord


class ContentCollector:
    """Documents by state, and their passages."""

    name = "content"
    seconds = 60.0
    families = (
        Family("stoa_documents", "gauge", "Documents by state."),
        Family("stoa_passages", "gauge", "Passages of the documents that can be searched."),
    )

    def collect(self, look: Look) -> Iterator[Sample]:
        with look.database.read() as work:
            states = work.session.execute(
                select(DocumentRecord.state, func.count()).group_by(DocumentRecord.state)
            ).all()
            passages = work.session.scalar(
                select(func.sum(DocumentRecord.passage_count)).where(DocumentRecord.live_version.is_not(None))
            )
        for state, count in states:
            yield Sample("stoa_documents", count, {"state": state})
        yield Sample("stoa_passages", passages or 0)
