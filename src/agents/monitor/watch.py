"""One round of watching: measure what is due, then judge all that is known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from src.core.context import Context

from .alarms import Alarms
from .measuring import Family, Measured, Measuring, Sample

FAMILIES = (
    Family("stoa_collector_failed", "gauge", "1 where a collector failed in its last run."),
    Family("stoa_collector_age_seconds", "gauge", "How long ago a collector ran last."),
    Family("stoa_collector_took_seconds", "gauge", "How long the last run of a collector took."),
)


class Watch:
    """Measures and judges; what it found is in the database, for every process."""

    def __init__(self, measuring: Measuring, alarms: Alarms) -> None:
        self._measuring = measuring
        self._alarms = alarms

    @property
    def families(self) -> dict[str, Family]:
        """Every metric that ``samples`` may hold, by name."""
        return {**{family.name: family for family in FAMILIES}, **self._measuring.families}

    def run(self, ctx: Context) -> None:
        """A round; where no collector was due, nothing is judged anew."""
        now = ctx.clock.now()
        if self._measuring.run(now, ctx.orchestrator.agents):
            measured = self._measuring.latest()
            fresh = not any(one.error for one in measured)
            self._alarms.review(_samples(measured, now), ctx, fresh=fresh)

    def samples(self, now: datetime) -> tuple[Sample, ...]:
        """What was measured last, and the state of the collectors."""
        return tuple(_samples(self._measuring.latest(), now))


def _samples(measured: tuple[Measured, ...], now: datetime) -> Iterator[Sample]:
    for one in measured:
        labels = {"collector": one.collector}
        yield Sample("stoa_collector_failed", float(one.error is not None), labels)
        yield Sample("stoa_collector_age_seconds", max(0.0, (now - one.at).total_seconds()), labels)
        yield Sample("stoa_collector_took_seconds", one.took_s, labels)
        yield from one.samples
