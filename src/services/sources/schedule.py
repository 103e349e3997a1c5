"""When a source is read again: an interval or a cron line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cronsim import CronSim, CronSimError

from src.core.errors import FieldProblem, InvalidRequestError

ACCEPTED = (
    "an interval such as '15m', '1h' or '1d' (at least 1m, at most 365d), or the five fields of a cron line "
    "in UTC: minute, hour, day of month, month, day of week, such as '30 2 * * 1-5'"
)
_INTERVAL = re.compile(r"([1-9][0-9]{0,6})([mhd])")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_LONGEST = timedelta(days=365)
_SOME_DAY = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Schedule:
    """A parsed schedule; make it with ``parse``. Exactly one of its two forms is set."""

    interval: timedelta | None = None
    cron: str | None = None

    @classmethod
    def parse(cls, text: str) -> Schedule:
        """Raises InvalidRequestError, which names the accepted forms."""
        line = " ".join(text.split())
        if match := _INTERVAL.fullmatch(line.lower()):
            interval = int(match[1]) * _UNITS[match[2]]
            if interval > _LONGEST:
                raise _refused(text)
            return cls(interval=interval)
        if len(line) > 200 or len(line.split(" ")) != 5:
            raise _refused(text)
        schedule = cls(cron=line)
        try:
            schedule.next_run(_SOME_DAY)
        except (CronSimError, StopIteration):
            raise _refused(text) from None
        return schedule

    def next_run(self, after: datetime) -> datetime:
        """The first time later than ``after`` (aware), in UTC."""
        moment = after.astimezone(UTC)
        if self.interval is not None:
            return moment + self.interval
        return next(CronSim(self.cron or "", moment))


def _refused(text: str) -> InvalidRequestError:
    shown = text if len(text) <= 60 else text[:59] + "…"
    return InvalidRequestError(
        f"'{shown}' is not a schedule. Give {ACCEPTED}.",
        fields=(FieldProblem("schedule", f"expected {ACCEPTED}"),),
    )
