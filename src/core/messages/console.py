"""The agent status console: capabilities, agents, the event log, dead letters and activities."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from pydantic import Field

from .base import Access, Event, Id, Page, Reply, Request, Text
from .lists import Cursor, Limit


class Capability(Reply):
    """One entry of the capability map."""

    name: str
    agent: str
    summary: str
    request_schema: dict[str, Any]
    permission: str


class ListCapabilities(Request[Page[Capability]]):
    """What Stoa can do, which agent does it and who may ask."""

    capability: ClassVar[str] = "capability.list"
    access: ClassVar[Access] = Access.signed_in()


class AgentState(StrEnum):
    """What an agent does with background work: it takes events and jobs, it is stopped, or it ends
    what it has begun (and is then drained)."""

    RUNNING = "running"
    PAUSED = "paused"
    DRAINING = "draining"
    DRAINED = "drained"


class AgentStatus(Reply):
    """An agent at this moment. ``handled`` and ``failed`` count requests, events and jobs;
    ``backlog`` counts events and jobs that wait. ``last_error`` begins with a code; for administrators
    a sentence follows."""

    name: str
    summary: str
    state: AgentState
    current: tuple[str, ...]
    last_error: str | None
    last_error_at: datetime | None
    handled: int
    failed: int
    backlog: int
    oldest_age_s: float | None
    stuck_jobs: int
    dead_letters: int
    capabilities: tuple[str, ...]
    subscriptions: tuple[str, ...]


class ListAgents(Request[Page[AgentStatus]]):
    """Every agent with its state, work and failures."""

    capability: ClassVar[str] = "agent.list"
    access: ClassVar[Access] = Access.signed_in()


class Steering(StrEnum):
    """What an administrator may tell an agent to do."""

    PAUSE = "pause"
    RESUME = "resume"
    DRAIN = "drain"


class SteerAgent(Request[AgentStatus]):
    """Pause, resume or drain an agent's background work. Requests are still answered."""

    capability: ClassVar[str] = "agent.steer"
    access: ClassVar[Access] = Access.administer()
    name: Text = Field(min_length=1, max_length=60)
    steering: Steering


class LoggedEvent(Reply):
    """An event of the log. ``position`` only grows; `after` takes it."""

    position: int
    id: str
    topic: str
    key: str | None
    at: datetime
    correlation_id: str
    causation_id: str | None
    payload: dict[str, Any]


class EventPage(Reply):
    """Events in the order of the log; ``next`` goes on: forwards where ``after`` was given, else to those
    before the first."""

    items: tuple[LoggedEvent, ...]
    next: str | None = None


class ListEvents(Request[EventPage]):
    """The event log, in its order: from a position on or, where `after` is absent, the newest, and page by
    page those before them."""

    capability: ClassVar[str] = "event.list"
    access: ClassVar[Access] = Access.administer()
    topic: Text | None = Field(None, max_length=100)
    correlation_id: Id | None = None
    after: int | None = Field(None, ge=0, le=2**62)
    limit: Limit = 100
    cursor: Cursor = None


class DeadLetter(Reply):
    """An event that a group gave up on, with the cause and the trace of the last attempt."""

    id: str
    event_id: str
    group: str
    topic: str
    payload: dict[str, Any]
    cause: str
    trace: str
    attempts: int
    correlation_id: str
    at: datetime
    replayed_at: datetime | None


class ListDeadLetters(Request[Page[DeadLetter]]):
    """Dead letters that were neither replayed nor deleted, newest first."""

    capability: ClassVar[str] = "dead_letter.list"
    access: ClassVar[Access] = Access.administer()
    group: Text | None = Field(None, max_length=60)
    limit: Limit = 50
    cursor: Cursor = None


class ReplayDeadLetter(Request[DeadLetter]):
    """Deliver the event again, to the group that gave up on it only."""

    capability: ClassVar[str] = "dead_letter.replay"
    access: ClassVar[Access] = Access.administer()
    dead_letter_id: Id


class DiscardDeadLetter(Request[None]):
    """Delete a dead letter: its event will not be handled by that group."""

    capability: ClassVar[str] = "dead_letter.discard"
    access: ClassVar[Access] = Access.administer()
    dead_letter_id: Id


class ActivityRecord(Reply):
    """One handled request."""

    id: str
    capability: str
    agent: str
    caller: str
    at: datetime
    duration_ms: float
    outcome: str
    correlation_id: str


class ListActivities(Request[Page[ActivityRecord]]):
    """The newest handled requests, of one agent where that is given."""

    capability: ClassVar[str] = "activity.list"
    access: ClassVar[Access] = Access.administer()
    agent: Text | None = Field(None, max_length=60)
    correlation_id: Id | None = None
    limit: Limit = 50
    cursor: Cursor = None


class PartHealth(Reply):
    """Whether one part is ready, and what to do where it is not."""

    name: str
    ready: bool
    detail: str


class Health(Reply):
    """Readiness of the whole and of each part."""

    ready: bool
    parts: tuple[PartHealth, ...]


class CheckHealth(Request[Health]):
    """Whether each part that requests need is ready."""

    capability: ClassVar[str] = "health.check"
    access: ClassVar[Access] = Access.anyone()


class MetricFamily(Reply):
    """A metric: ``kind`` is `counter` or `gauge`."""

    name: str
    kind: str
    help: str


class Metric(Reply):
    """One sample of a family."""

    name: str
    labels: dict[str, str]
    value: float


class Metrics(Reply):
    """All samples, and the families that there are, also those without a sample now."""

    families: tuple[MetricFamily, ...]
    samples: tuple[Metric, ...]


class ReadMetrics(Request[Metrics]):
    """Counts and gauges of the whole system, for Prometheus."""

    capability: ClassVar[str] = "metrics.read"
    access: ClassVar[Access] = Access.anyone()


class AgentSteered(Event):
    """An administrator paused, resumed or drained an agent."""

    topic: ClassVar[str] = "agent.steered.v1"
    name: str
    steering: Steering
    by: str
