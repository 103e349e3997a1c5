"""Raises and clears alerts, once each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from src.core.clock import new_id
from src.core.context import Context
from src.core.messages.alerts import Alert, AlertCleared, AlertRaised, AlertState, Severity
from src.database.models import AlertRecord
from src.database.uow import Database, UnitOfWork

from .measuring import Sample
from .rules import Rule, Verdict


class Alarms:
    """Holds figures against rules. What stands between well and beyond changes nothing, so that a figure that
    swings about its threshold raises one alert."""

    def __init__(self, database: Database, rules: Sequence[Rule]) -> None:
        self._database = database
        self._rules = {rule.name: rule for rule in rules}

    def review(self, samples: Iterable[Sample], ctx: Context, *, fresh: bool = True) -> None:
        """Judge the samples, which are all that there are. ``fresh`` is False where some collector failed:
        a figure that is missing then means nothing."""
        judged = {
            (rule.name, rule.subject(sample)): (rule, sample, rule.judge(sample))
            for sample in samples
            for rule in self._rules.values()
            if rule.concerns(sample)
        }
        with self._database.begin(ctx, relaxed=True) as work:
            open_ones = {(record.rule, record.subject): record for record in work.alerts.open()}
            for key, (rule, sample, verdict) in judged.items():
                self._apply(work, rule, sample, verdict, open_ones.pop(key, None))
            for record in open_ones.values():
                if record.rule not in self._rules:
                    self._calm(work, record, 0.0, work.now())  # its rule was switched off
                elif fresh:
                    self._calm(work, record, self._rules[record.rule].hold_s, work.now())
            if work.session.new or work.session.dirty or work.session.deleted:
                work.commit()

    def _apply(
        self, work: UnitOfWork, rule: Rule, sample: Sample, verdict: Verdict, record: AlertRecord | None
    ) -> None:
        if verdict is Verdict.WELL:
            if record is not None:
                self._calm(work, record, rule.hold_s, work.now())
        elif verdict is Verdict.BETWEEN:
            if record is not None and record.state == "pending":
                work.alerts.delete(record)
            elif record is not None:
                record.calm_since = None
        else:
            self._beyond(work, rule, sample, record)

    def _beyond(self, work: UnitOfWork, rule: Rule, sample: Sample, record: AlertRecord | None) -> None:
        now = work.now()
        if record is None:
            record = work.alerts.add(
                AlertRecord(
                    id=new_id(),
                    rule=rule.name,
                    subject=rule.subject(sample),
                    severity=rule.severity,
                    state="pending",
                    since=now,
                )
            )
        record.value, record.threshold = sample.value, rule.limit
        record.detail, record.calm_since = rule.sentence(sample), None
        if record.state == "pending" and (now - record.since).total_seconds() >= rule.hold_s:
            record.state, record.raised_at = "raised", now
            work.publish(AlertRaised(alert=alert_view(record)))

    @staticmethod
    def _calm(work: UnitOfWork, record: AlertRecord, hold_s: float, now: datetime) -> None:
        if record.state == "pending":
            work.alerts.delete(record)
            return
        record.calm_since = record.calm_since or now
        if (now - record.calm_since).total_seconds() >= hold_s:
            record.state, record.cleared_at = "cleared", now
            work.publish(AlertCleared(alert=alert_view(record)))


def alert_view(record: AlertRecord) -> Alert:
    """The alert as users see it; it has been raised."""
    assert record.raised_at is not None
    return Alert(
        id=record.id,
        rule=record.rule,
        subject=record.subject,
        severity=Severity(record.severity),
        state=AlertState(record.state),
        value=record.value,
        threshold=record.threshold,
        detail=record.detail,
        since=record.since,
        raised_at=record.raised_at,
        cleared_at=record.cleared_at,
    )
