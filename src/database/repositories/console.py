"""The event log, dead letters, activities, agents and facts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from sqlalchemy import func, select

from src.database.models import ActivityLine, AgentRecord, DeadLetterRecord, EventRecord, FactRecord

from .base import Repository


class Events(Repository[EventRecord]):
    """The event log: what the relay has sent, in the order of its positions."""

    model: ClassVar = EventRecord
    noun: ClassVar = "event"

    def after(
        self, position: int, *, topic: str | None, correlation_id: str | None, limit: int
    ) -> Sequence[EventRecord]:
        query = select(EventRecord).where(EventRecord.position > position)
        if topic:
            if topic.endswith("*"):
                query = query.where(EventRecord.topic.startswith(topic[:-1], autoescape=True))
            else:
                query = query.where(EventRecord.topic == topic)
        if correlation_id:
            query = query.where(EventRecord.correlation_id == correlation_id)
        return list(self._session.scalars(query.order_by(EventRecord.position).limit(limit)))

    def last_position(self) -> int:
        return self._session.scalar(select(func.max(EventRecord.position))) or 0


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
