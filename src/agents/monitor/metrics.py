"""Counts and gauges for monitoring systems."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import func, select

from src.core.agent import Agent
from src.core.messages.console import Metric, Metrics
from src.database.models import DocumentRecord, PassageRecord
from src.database.uow import Database

from .agents import AgentBoard


class MetricsReader:
    """Reads every figure afresh; none of them names a user or a document."""

    def __init__(self, database: Database, board: AgentBoard) -> None:
        self._database = database
        self._board = board

    def read(self, agents: Sequence[Agent]) -> Metrics:
        return Metrics(samples=(*self._of_agents(agents), *self._of_content(), *self._of_jobs()))

    def _of_agents(self, agents: Sequence[Agent]) -> Iterator[Metric]:
        for status in self._board.statuses(agents):
            labels = {"agent": status.name}
            yield _metric(
                "stoa_agent_handled_total", "counter", "Work that agents did.", labels, status.handled
            )
            yield _metric("stoa_agent_failed_total", "counter", "Work that failed.", labels, status.failed)
            yield _metric("stoa_agent_backlog", "gauge", "Events and jobs that wait.", labels, status.backlog)
            yield _metric(
                "stoa_dead_letters", "gauge", "Events given up.", {"group": status.name}, status.dead_letters
            )

    def _of_content(self) -> Iterator[Metric]:
        with self._database.read() as work:
            states = work.session.execute(
                select(DocumentRecord.state, func.count()).group_by(DocumentRecord.state)
            ).all()
            passages = work.session.scalar(
                select(func.count()).select_from(PassageRecord).where(PassageRecord.live)
            )
        for state, count in states:
            yield _metric("stoa_documents", "gauge", "Documents by state.", {"state": state}, count)
        yield _metric("stoa_passages", "gauge", "Passages that can be searched.", {}, passages or 0)

    def _of_jobs(self) -> Iterator[Metric]:
        with self._database.read() as work:
            counts, stuck = work.jobs.counts(), work.jobs.stuck()
        for (kind, state), count in sorted(counts.items()):
            yield _metric("stoa_jobs", "gauge", "Jobs by state.", {"kind": kind, "state": state}, count)
        yield _metric(
            "stoa_jobs_stuck", "gauge", "Jobs that should move and do not.", {}, sum(stuck.values())
        )


def _metric(name: str, kind: str, text: str, labels: dict[str, str], value: float) -> Metric:
    return Metric(name=name, kind=kind, help=text, labels=labels, value=value)
