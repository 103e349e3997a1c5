"""The event log, dead letters, activities, agents and facts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from sqlalchemy import Select, func, select

from src.database.models import ActivityLine, AgentRecord, DeadLetterRecord, EventRecord, FactRecord

from .base import Repository


class Events(Repository[EventRecord]):
    """The event log: what the relay has sent, in the order of its positions."""

    model: ClassVar = EventRecord
    noun: ClassVar = "event"

    def after(
        self, position: int, *, topic: str | None, correlation_id: str | None, limit: int
    ) -> Sequence[EventRecord]:
        """The first past a position; ``topic`` may end in ``*``."""
        query = _events(topic, correlation_id).where(EventRecord.position > position)
        return list(self._session.scalars(query.order_by(EventRecord.position).limit(limit)))

    def before(
        self, position: int | None, *, topic: str | None, correlation_id: str | None, limit: int
    ) -> Sequence[EventRecord]:
        """The last before a position, or of all, in the order of the log."""
        query = _events(topic, correlation_id).where(EventRecord.position.is_not(None))
        if position is not None:
            query = query.where(EventRecord.position < position)
        newest_first = self._session.scalars(query.order_by(EventRecord.position.desc()).limit(limit))
        return list(reversed(newest_first.all()))

    def last_position(self) -> int:
        return self._session.scalar(select(func.max(EventRecord.position))) or 0


def _events(topic: str | None, correlation_id: str | None) -> Select[EventRecord]:
    query = select(EventRecord)
    if topic and topic.endswith("*"):
        query = query.where(EventRecord.topic.startswith(topic[:-1], autoescape=True))
    elif topic:
        query = query.where(EventRecord.topic == topic)
    if correlation_id:
        query = query.where(EventRecord.correlation_id == correlation_id)
    return query


class DeadLetters(Repository[DeadLetterRecord]):
    """Events that were given up and are neither replayed nor discarded."""

    model: ClassVar = DeadLetterRecord
    noun: ClassVar = "dead letter"

    def page(
        self, *, group: str | None, limit: int, cursor: str | None
    ) -> tuple[Sequence[DeadLetterRecord], str | None]:
        query = select(DeadLetterRecord).where(DeadLetterRecord.settled_at.is_(None))
        if group is not None:
            query = query.where(DeadLetterRecord.group == group)
        return self._page(query, DeadLetterRecord.id, limit=limit, cursor=cursor, newest_first=True)

    def counts(self) -> dict[str, int]:
        """Open dead letters by group."""
        query = (
            select(DeadLetterRecord.group, func.count())
            .where(DeadLetterRecord.settled_at.is_(None))
            .group_by(DeadLetterRecord.group)
        )
        return {group: count for group, count in self._session.execute(query)}


class Activities(Repository[ActivityLine]):
    """The handled requests, newest first."""

    model: ClassVar = ActivityLine
    noun: ClassVar = "activity"

    def page(
        self, *, agent: str | None, correlation_id: str | None, limit: int, cursor: str | None
    ) -> tuple[Sequence[ActivityLine], str | None]:
        query = select(ActivityLine)
        if agent is not None:
            query = query.where(ActivityLine.agent == agent)
        if correlation_id is not None:
            query = query.where(ActivityLine.correlation_id == correlation_id)
        return self._page(query, ActivityLine.id, limit=limit, cursor=cursor, newest_first=True)


class AgentRecords(Repository[AgentRecord]):
    """What each agent was told, and its counters."""

    model: ClassVar = AgentRecord
    noun: ClassVar = "agent"

    def all(self) -> dict[str, AgentRecord]:
        return {record.name: record for record in self._session.scalars(select(AgentRecord))}


class Facts(Repository[FactRecord]):
    """Small facts about the installation, by name."""

    model: ClassVar = FactRecord
    noun: ClassVar = "fact"

    def value(self, name: str) -> str | None:
        record = self.find(name)
        return record.value if record else None

    def note(self, name: str, value: str) -> None:
        self._session.merge(FactRecord(name=name, value=value))
