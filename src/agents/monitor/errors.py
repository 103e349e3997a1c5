"""Groups what failed by what it says, over time."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Protocol

from src.core.messages import Page
from src.core.messages.alerts import ErrorPattern, HourCount, ListErrors
from src.database.models import ErrorPatternRecord
from src.database.uow import Database, UnitOfWork, Work

LAG_S = 15.0
"""What is younger is left for the next round: transactions do not end in the order of their times."""
MOST = 1000
FIRST_DAYS = 7

_LONGEST = 1000
_BLANKS = (
    (re.compile(r"\b[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE), "<address>"),
    (re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "<mail>"),
    (re.compile(r"""(?<!\w)(?:"[^"\n]*"|'[^'\n]*'|`[^`\n]*`|“[^”\n]*”)"""), "<text>"),
    (re.compile(r"(?<![\w/])(?:~|\.{1,2})?/[^\s:,;)]+"), "<path>"),
    (re.compile(r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?)?"), "<time>"),
    (re.compile(r"\b(?:0x[0-9a-f]+|(?=[0-9a-f-]*\d)[0-9a-f]{8}[0-9a-f-]*)\b", re.IGNORECASE), "<id>"),
    (re.compile(r"\d+(?:[.,]\d+)*"), "<n>"),
)


def normalised(text: str) -> str:
    """The first line of a message without addresses, quotations, paths, times, ids and numbers."""
    line = text.strip().split("\n", 1)[0][:_LONGEST]  # some of the patterns take the square of its length
    for pattern, blank in _BLANKS:
        line = pattern.sub(blank, line)
    return " ".join(line.split())[:300]


@dataclass(frozen=True)
class Failure:
    """One failure: when, where (a capability, a kind, a stage, an agent), with which code and words."""

    at: datetime
    place: str
    code: str
    message: str
    example: dict[str, Any]


class FailureSource(Protocol):
    """Reads one kind of failures from the database, by an index, oldest first."""

    @property
    def origin(self) -> str: ...

    def between(self, work: Work, since: datetime, until: datetime, limit: int) -> Sequence[Failure]:
        """The first ``limit`` failures with ``since <= at < until``."""


class ErrorLog:
    """Gathers failures since the last time into patterns, each failure once, and lists the patterns."""

    def __init__(self, database: Database, sources: Sequence[FailureSource]) -> None:
        self._database = database
        self._sources = tuple(sources)

    def gather(self, now: datetime) -> int:
        """Take in what has failed since the last time; returns how many failures that were."""
        return sum(self._gather(source, now) for source in self._sources)

    def list(self, request: ListErrors, now: datetime) -> Page[ErrorPattern]:
        """The patterns, the most recent first."""
        since = now - timedelta(days=request.days)
        origin = request.origin.value if request.origin else None
        with self._database.read() as work:
            records = work.error_patterns.latest(origin=origin, since=since, limit=request.limit)
            hours = work.error_patterns.hours([record.id for record in records], since)
        return Page[ErrorPattern](items=tuple(_view(record, hours.get(record.id, [])) for record in records))

    def _gather(self, source: FailureSource, now: datetime) -> int:
        fact = f"errors.{source.origin}"
        until = now - timedelta(seconds=LAG_S)
        with self._database.read() as look:
            mark = look.facts.value(fact)
            since = datetime.fromisoformat(mark) if mark else now - timedelta(days=FIRST_DAYS)
            if since >= until:
                return 0
            found = source.between(look, since, until, MOST)
        if len(found) == MOST and found[-1].at > found[0].at:
            until = found[-1].at  # those of the last moment may go on behind the limit
            found = [failure for failure in found if failure.at < until]
        if not found and mark and (until - since).total_seconds() < 600:
            return 0  # nothing new is worth no commit
        with self._database.begin(relaxed=True) as work:
            for (pattern_id, code, message), failures in _grouped(source.origin, found).items():
                _add(work, pattern_id, source.origin, code, message, failures)
            work.facts.note(fact, until.isoformat())
            work.commit()
        return len(found)


def _grouped(origin: str, found: Sequence[Failure]) -> dict[tuple[str, str, str], list[Failure]]:
    groups: dict[tuple[str, str, str], list[Failure]] = defaultdict(list)
    for failure in found:
        message = normalised(failure.message)
        shared = "\n".join((origin, failure.place, failure.code, message))
        digest = sha256(shared.encode("utf-8", "replace")).hexdigest()[:32]
        groups[digest, failure.code, message].append(failure)
    return groups


def _add(
    work: UnitOfWork, pattern_id: str, origin: str, code: str, message: str, failures: Sequence[Failure]
) -> None:
    last = failures[-1]
    record = work.error_patterns.find(pattern_id)
    if record is None:
        record = work.error_patterns.add(
            ErrorPatternRecord(
                id=pattern_id,
                origin=origin,
                place=last.place[:100],
                code=code[:100],
                message=message,
                count=0,
                first_at=failures[0].at,
            )
        )
    record.count += len(failures)
    record.last_at = last.at
    record.example = {**last.example, "message": last.message[:1000], "at": last.at.isoformat()}
    work.session.flush()
    for hour, count in _by_hour(failures):
        work.error_patterns.add_hour(pattern_id, hour, count)


def _by_hour(failures: Sequence[Failure]) -> Iterator[tuple[datetime, int]]:
    counts: dict[datetime, int] = defaultdict(int)
    for failure in failures:
        counts[failure.at.replace(minute=0, second=0, microsecond=0)] += 1
    yield from counts.items()


def _view(record: ErrorPatternRecord, hours: Sequence[tuple[datetime, int]]) -> ErrorPattern:
    return ErrorPattern(
        id=record.id,
        origin=record.origin,
        place=record.place,
        code=record.code,
        message=record.message,
        count=record.count,
        first_at=record.first_at,
        last_at=record.last_at,
        example=record.example,
        hours=tuple(HourCount(hour=hour, count=count) for hour, count in hours),
    )
