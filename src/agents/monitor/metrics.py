"""All metrics together, for monitoring systems."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence

from src.core.agent import Agent
from src.core.messages.console import Metric, MetricFamily, Metrics
from src.database.uow import Database

from .agents import AgentBoard
from .collectors.machine import resident_bytes
from .measuring import Family, Sample
from .watch import Watch

FAMILIES = (
    Family("stoa_agent_handled_total", "counter", "Work that agents did."),
    Family("stoa_agent_failed_total", "counter", "Work that failed."),
    Family("stoa_agent_backlog", "gauge", "Events and jobs that wait."),
    Family("stoa_alerts", "gauge", "Alerts that are raised."),
    Family("process_resident_memory_bytes", "gauge", "Resident memory of the process that answers."),
    Family("process_cpu_seconds_total", "counter", "Processor time of the process that answers."),
    Family("process_threads", "gauge", "Threads of the process that answers."),
)


class MetricsReader:
    """Reads what the collectors saw last, and afresh what is cheap. None of it names a user or a document."""

    def __init__(self, database: Database, board: AgentBoard, watch: Watch) -> None:
        self._database = database
        self._board = board
        self._watch = watch

    def read(self, agents: Sequence[Agent]) -> Metrics:
        families = {**{family.name: family for family in FAMILIES}, **self._watch.families}
        samples = (
            *self._of_agents(agents),
            *self._of_alerts(),
            *_of_process(),
            *self._watch.samples(self._database.clock.now()),
        )
        return Metrics(
            families=tuple(
                MetricFamily(name=one.name, kind=one.kind, help=one.help) for one in families.values()
            ),
            samples=tuple(
                Metric(name=one.name, labels=dict(one.labels), value=one.value)
                for one in samples
                if one.name in families  # a collector of another version may have left others
            ),
        )

    def _of_agents(self, agents: Sequence[Agent]) -> Iterator[Sample]:
        for status in self._board.statuses(agents):
            labels = {"agent": status.name}
            yield Sample("stoa_agent_handled_total", status.handled, labels)
            yield Sample("stoa_agent_failed_total", status.failed, labels)
            yield Sample("stoa_agent_backlog", status.backlog, labels)

    def _of_alerts(self) -> Iterator[Sample]:
        with self._database.read() as work:
            counts = work.alerts.counts()
        for (rule, severity), count in sorted(counts.items()):
            yield Sample("stoa_alerts", count, {"rule": rule, "severity": severity})


def _of_process() -> Iterator[Sample]:
    yield Sample("process_resident_memory_bytes", resident_bytes())
    yield Sample("process_cpu_seconds_total", time.process_time())
    yield Sample("process_threads", threading.active_count())
