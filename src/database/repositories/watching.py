"""Alerts, and patterns of what failed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import ClassVar

from sqlalchemy import func, select

from src.database.models import AlertRecord, ErrorHourRecord, ErrorPatternRecord

from .base import Repository


class Alerts(Repository[AlertRecord]):
    """Episodes of figures beyond their thresholds."""

    model: ClassVar = AlertRecord
    noun: ClassVar = "alert"

    def open(self) -> Sequence[AlertRecord]:
        """Those that are not over, pending ones among them, kept from others until this work ends."""
        query = select(AlertRecord).where(AlertRecord.state != "cleared").order_by(AlertRecord.id)
        return list(self._session.scalars(query.with_for_update()))

    def page(
        self, *, state: str | None, limit: int, cursor: str | None
    ) -> tuple[Sequence[AlertRecord], str | None]:
        query = select(AlertRecord).where(AlertRecord.raised_at.is_not(None))
        if state is not None:
            query = query.where(AlertRecord.state == state)
        return self._page(query, AlertRecord.id, limit=limit, cursor=cursor, newest_first=True)

    def counts(self) -> dict[tuple[str, str], int]:
        """Raised alerts by rule and severity."""
        query = (
            select(AlertRecord.rule, AlertRecord.severity, func.count())
            .where(AlertRecord.state == "raised")
            .group_by(AlertRecord.rule, AlertRecord.severity)
        )
        return {(rule, severity): count for rule, severity, count in self._session.execute(query)}


class ErrorPatterns(Repository[ErrorPatternRecord]):
    """Failures that say the same."""

    model: ClassVar = ErrorPatternRecord
    noun: ClassVar = "error pattern"

    def latest(self, *, origin: str | None, since: datetime, limit: int) -> Sequence[ErrorPatternRecord]:
        query = select(ErrorPatternRecord).where(ErrorPatternRecord.last_at >= since)
        if origin is not None:
            query = query.where(ErrorPatternRecord.origin == origin)
        return list(self._session.scalars(query.order_by(ErrorPatternRecord.last_at.desc()).limit(limit)))

    def hours(self, ids: Collection[str], since: datetime) -> dict[str, list[tuple[datetime, int]]]:
        """How often each was seen in each hour, oldest first; hours without any are left out."""
        query = (
            select(ErrorHourRecord)
            .where(ErrorHourRecord.pattern_id.in_(ids), ErrorHourRecord.hour >= since)
            .order_by(ErrorHourRecord.hour)
        )
        found: dict[str, list[tuple[datetime, int]]] = defaultdict(list)
        for row in self._session.scalars(query):
            found[row.pattern_id].append((row.hour, row.count))
        return found

    def add_hour(self, pattern_id: str, hour: datetime, count: int) -> None:
        row = self._session.get(ErrorHourRecord, (pattern_id, hour))
        if row is None:
            self._session.add(ErrorHourRecord(pattern_id=pattern_id, hour=hour, count=count))
        else:
            row.count += count
