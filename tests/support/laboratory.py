"""The experiment runner on a real database, with collections, readers and models that a test makes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

import pytest
from sqlalchemy import select

from src.agents.experiment_runner import ExperimentRunnerAgent
from src.core.caller import Caller
from src.core.clock import SystemClock, new_id
from src.core.context import Context
from src.core.messages.base import Request
from src.core.middleware import CheckPermission
from src.core.orchestrator import AgentOrchestrator
from src.database.grants import SqlGrants
from src.database.models import CollectionRecord, EventRecord, ModelRecord, UserRecord
from src.database.uow import Database
from src.services import registry

R = TypeVar("R")


@dataclass
class Laboratory:
    """One collection of ``owner``, whom the requests come from."""

    database: Database
    orchestrator: AgentOrchestrator = field(init=False)
    agent: ExperimentRunnerAgent = field(init=False)
    owner: Caller = field(init=False)
    collection_id: str = field(init=False)

    def __post_init__(self) -> None:
        self.agent = ExperimentRunnerAgent(self.database)
        self.orchestrator = AgentOrchestrator(
            [self.agent], [], [CheckPermission(SqlGrants(self.database))], SystemClock()
        )
        self.owner = self.reader("ada")
        self.collection_id = self.collection()

    def context(self, caller: Caller | None = None) -> Context:
        return self.orchestrator.context(caller or self.owner)

    def ask(self, request: Request[R], caller: Caller | None = None) -> R:
        return self.orchestrator.ask(request, self.context(caller))

    def reader(self, name: str) -> Caller:
        """A new account."""
        with self.database.begin() as work:
            user = work.users.add(
                UserRecord(
                    id=new_id(),
                    username=name,
                    name_key=name,
                    password_hash="-",
                    password_set_at=work.now(),
                    roles=["editor"],
                    created_at=work.now(),
                )
            )
            work.commit()
            return Caller(user_id=user.id, username=name, roles=frozenset(user.roles))

    def collection(self, visibility: str = "team") -> str:
        with self.database.begin() as work:
            now = work.now()
            record = work.collections.add(
                CollectionRecord(
                    id=new_id(),
                    name="Things",
                    description="",
                    visibility=visibility,
                    owner_id=self.owner.user_id,
                    created_at=now,
                    updated_at=now,
                )
            )
            work.commit()
            return record.id

    def candidate(self, state: str = "candidate", *, collection_id: str | None = None) -> str:
        """The id of a new model in that state."""
        with self.database.begin() as work:
            live = registry.live_model(work, collection_id or self.collection_id)
            record = registry.register(
                work,
                live.collection_id,
                kind="linear",
                state=state,
                parent_id=live.id,
                card={},
                by="agent:fine_tuner",
                reason="Trained on votes.",
            )
            work.commit()
            return record.id

    def model(self, model_id: str) -> ModelRecord:
        with self.database.read() as work:
            return work.models.get(model_id)

    def live(self) -> ModelRecord:
        with self.database.read() as work:
            found = work.models.live(self.collection_id)
            assert found is not None
            return found

    def events(self, topic: str) -> list[EventRecord]:
        """What was published so far under the topic, in order."""
        with self.database.read() as work:
            found = work.session.scalars(select(EventRecord).where(EventRecord.topic == topic))
            return sorted(found, key=lambda event: event.event_id)


@pytest.fixture
def laboratory(database: Database) -> Laboratory:
    """On each kind of database."""
    return Laboratory(database)
