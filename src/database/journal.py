"""Durable records of what agents did, and how they are steered."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import update

from src.core.activity import Activity

from .activities import add_activity, storable
from .inserts import insert_new
from .models import AgentRecord, LeaseRecord
from .uow import Database


class SqlActivityLog:
    """Writes each activity in a relaxed transaction: it survives the process, not a power cut."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, activity: Activity) -> None:
        with self._database.begin(relaxed=True) as work:
            add_activity(work.connection, activity)
            work.commit()


class SqlAgentJournal:
    """Counters and steering of agents over all processes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def register(self, names: list[str]) -> None:
        """Make sure that every agent has a record; what it was told stays."""
        rows = [{"name": name, "steering": "running", "handled": 0, "failed": 0} for name in names]
        with self._database.begin() as work:
            work.session.execute(insert_new(work.session, AgentRecord), rows)
            work.commit()

    def count(self, name: str, *, handled: int, failed: int, error: str | None) -> None:
        """Add to an agent's counters."""
        values = {
            "handled": AgentRecord.handled + handled,
            "failed": AgentRecord.failed + failed,
        }
        with self._database.begin(relaxed=True) as work:
            statement = update(AgentRecord).where(AgentRecord.name == name).values(**values)
            if error is not None:
                statement = statement.values(
                    last_error=storable(error, 2000),
                    last_error_at=self._database.clock.now(),
                )
            work.session.execute(statement)
            work.commit()

    def steering(self) -> dict[str, str]:
        """What each agent was told last."""
        with self._database.read() as work:
            return {name: record.steering for name, record in work.agents.all().items()}


class SqlLeases:
    """Lets one process at a time do a periodic task."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(self, name: str, holder: str, seconds: float) -> bool:
        """True where ``holder`` has the lease for the next ``seconds``; its own lease is renewed."""
        now = self._database.clock.now()
        with self._database.begin(relaxed=True) as work:
            record = work.session.get(LeaseRecord, name, with_for_update=True)
            if record is None:
                fresh = {"name": name, "holder": holder, "until": now + timedelta(seconds=seconds)}
                work.session.execute(insert_new(work.session, LeaseRecord), fresh)
                work.commit()
                with self._database.read() as look:
                    owner = look.session.get(LeaseRecord, name)
                    return owner is not None and owner.holder == holder
            if record.holder != holder and record.until > now:
                return False
            record.holder, record.until = holder, now + timedelta(seconds=seconds)
            work.commit()
            return True
