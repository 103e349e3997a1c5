"""What collectors are, and the keeping of what they saw."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from math import isfinite
from typing import Any, Protocol

from sqlalchemy import select

from src.core.agent import Agent
from src.database.models import MeasurementRecord
from src.database.uow import Database

log = logging.getLogger(__name__)

MOST_SAMPLES = 500
_LABEL = re.compile(r"[\w.:/+-]{0,80}", re.ASCII)


@dataclass(frozen=True)
class Family:
    """A metric as monitoring systems see it; ``kind`` is `counter` or `gauge`."""

    name: str
    kind: str
    help: str


@dataclass(frozen=True)
class Sample:
    """One value of a family. ``count`` is how many observations it rests on, where it is a share or the like;
    ``chance`` is True where chance alone explains how unusual it is: neither then raises an alert."""

    name: str
    value: float
    labels: Mapping[str, str] = field(default_factory=dict)
    count: int | None = None
    chance: bool = False


@dataclass(frozen=True)
class Look:
    """What a collector looks at: the database, the time, and the agents that there are."""

    database: Database
    now: datetime
    agents: Sequence[Agent] = ()

    def ago(self, seconds: float) -> datetime:
        return self.now - timedelta(seconds=seconds)


class Collector(Protocol):
    """Measures something every ``seconds``, away from any request, by one process at a time.

    ``families`` are all metrics that it may give. Values of labels come from a small fixed set: they are no
    place for names or words of users. It may raise: its former samples then stay, and the failure is told.
    """

    @property
    def name(self) -> str: ...

    @property
    def seconds(self) -> float: ...

    @property
    def families(self) -> Sequence[Family]: ...

    def collect(self, look: Look) -> Iterable[Sample]: ...


@dataclass(frozen=True)
class Measured:
    """What a collector saw last; ``error`` says why it failed since."""

    collector: str
    at: datetime
    took_s: float
    error: str | None
    samples: tuple[Sample, ...]


class Measuring:
    """Runs the collectors that are due and keeps what they give, for all processes to read."""

    def __init__(self, database: Database, collectors: Sequence[Collector]) -> None:
        names = [collector.name for collector in collectors]
        assert len(set(names)) == len(names), "two collectors have one name"
        self._database = database
        self._collectors = tuple(collectors)

    @property
    def families(self) -> dict[str, Family]:
        """Every metric that may come, by name."""
        return {family.name: family for collector in self._collectors for family in collector.families}

    def run(self, now: datetime, agents: Sequence[Agent]) -> bool:
        """Run the collectors whose last run is long enough ago; True where there was one."""
        known = {one.collector: one.at for one in self.latest()}
        look = Look(self._database, now, agents)
        due = [
            collector
            for collector in self._collectors
            if collector.name not in known
            # Clocks may be set back: a run in the future is none.
            or not timedelta(0) <= now - known[collector.name] < timedelta(seconds=collector.seconds * 0.9)
        ]
        for collector in due:
            self._run(collector, look)
        return bool(due)

    def latest(self) -> tuple[Measured, ...]:
        """What each collector saw last, as far as it has run."""
        with self._database.read() as work:
            records = {one.collector: one for one in work.session.scalars(select(MeasurementRecord))}
        return tuple(
            _measured(records[collector.name]) for collector in self._collectors if collector.name in records
        )

    def _run(self, collector: Collector, look: Look) -> None:
        began, error, rows = time.monotonic(), None, []
        try:
            rows = _rows(collector, collector.collect(look))
        except Exception as failure:
            log.exception("the collector %s failed; its former samples stay", collector.name)
            error = f"{type(failure).__name__}: {failure}".replace("\x00", "\ufffd")[:500]
        with self._database.begin(relaxed=True) as work:
            record = work.session.get(MeasurementRecord, collector.name)
            if record is None:
                record = MeasurementRecord(collector=collector.name, samples=[])
                work.session.add(record)
            record.at, record.error = look.now, error
            record.took_s = time.monotonic() - began
            if error is None:
                record.samples = rows
            work.commit()


def _rows(collector: Collector, samples: Iterable[Sample]) -> list[list[Any]]:
    known = {family.name for family in collector.families}
    rows: list[list[Any]] = []
    for sample in islice(samples, MOST_SAMPLES):
        if sample.name not in known:
            raise ValueError(f"{sample.name} is none of the families of {collector.name}")
        if isfinite(sample.value):
            labels = {
                key: value if _LABEL.fullmatch(value) else "other" for key, value in sample.labels.items()
            }
            rows.append([sample.name, labels, float(sample.value), sample.count, sample.chance])
    if len(rows) == MOST_SAMPLES:
        log.warning("%s gave %d samples or more; the rest is left out", collector.name, MOST_SAMPLES)
    return rows


def _measured(record: MeasurementRecord) -> Measured:
    samples = tuple(
        Sample(name, value, labels, count, chance) for name, labels, value, count, chance in record.samples
    )
    return Measured(record.collector, record.at, record.took_s, record.error, samples)
