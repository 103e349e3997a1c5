"""What the monitor found to be out of order: alerts, and patterns of failures."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from pydantic import Field

from .base import Access, Event, Page, Reply, Request
from .lists import Cursor, Limit


class AlertState(StrEnum):
    """An alert is raised once, and cleared once when the figure has been well for a while."""

    RAISED = "raised"
    CLEARED = "cleared"


class Severity(StrEnum):
    """How soon somebody should look: today, or now."""

    WARNING = "warning"
    CRITICAL = "critical"


class Alert(Reply):
    """One episode of a figure beyond its threshold. ``rule`` names the figure, ``subject`` what it is of
    (an agent, a part), empty for the whole installation; ``value`` is the last one seen while it lasted, and
    ``detail`` says it in words."""

    id: str
    rule: str
    subject: str
    severity: Severity
    state: AlertState
    value: float
    threshold: float
    detail: str
    since: datetime
    raised_at: datetime
    cleared_at: datetime | None


class ListAlerts(Request[Page[Alert]]):
    """Alerts, newest first: those that are raised, or all of the retention time."""

    capability: ClassVar[str] = "alert.list"
    access: ClassVar[Access] = Access.administer()
    state: AlertState | None = None
    limit: Limit = 50
    cursor: Cursor = None


class _AlertEvent(Event):
    """An alert as it was at that moment."""

    alert: Alert

    def ordering_key(self) -> str | None:
        return f"{self.alert.rule}:{self.alert.subject}"


class AlertRaised(_AlertEvent):
    """A figure has passed its threshold."""

    topic: ClassVar[str] = "alert.raised.v1"


class AlertCleared(_AlertEvent):
    """The figure is well again, or there is nothing left to judge by."""

    topic: ClassVar[str] = "alert.cleared.v1"


class WebhookDue(Event):
    """One receiver is to be told of an alert. ``receiver`` is a digest of its address, which may hold a
    secret; what is told to one receiver reaches it in order."""

    topic: ClassVar[str] = "webhook.due.v1"
    receiver: str
    told: str
    alert: Alert
    at: datetime

    def ordering_key(self) -> str | None:
        return self.receiver


class ErrorOrigin(StrEnum):
    """What failed: a request, a job, a document's ingestion, or an agent's handling of an event."""

    REQUEST = "request"
    JOB = "job"
    DOCUMENT = "document"
    EVENT = "event"


class HourCount(Reply):
    """How often within the hour that begins then."""

    hour: datetime
    count: int


class ErrorPattern(Reply):
    """Failures that say the same but for names and numbers, which `message` leaves out. ``place`` is the
    capability, the kind of job, the stage or the agent; ``example`` is the newest one as it was; ``hours``
    counts those of the last days."""

    id: str
    origin: str
    place: str
    code: str
    message: str
    count: int
    first_at: datetime
    last_at: datetime
    example: dict[str, Any]
    hours: tuple[HourCount, ...] = ()


class ListErrors(Request[Page[ErrorPattern]]):
    """Patterns of what failed, the most recent first; of one origin where that is given."""

    capability: ClassVar[str] = "error.list"
    access: ClassVar[Access] = Access.administer()
    origin: ErrorOrigin | None = None
    days: int = Field(7, ge=1, le=365)
    limit: int = Field(50, ge=1, le=200)
