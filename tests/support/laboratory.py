"""The experiment runner on a real database, with collections, readers and models that a test makes."""

from __future__ import annotations

import random
import shutil
import tempfile
import weakref
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import select

from src.agents.experiment_runner import ExperimentRunnerAgent
from src.agents.experiment_runner.policy import Policy
from src.core.agent import On
from src.core.caller import Caller
from src.core.clock import SystemClock, new_id
from src.core.consumer import AlreadyHandledError
from src.core.context import Context, DeliveryFence
from src.core.messages.base import Event, Request
from src.core.messages.experiments import CandidateGated
from src.core.messages.feedback import RatingGiven, RatingKind, RatingsHeld, Verdict
from src.core.middleware import CheckPermission
from src.core.orchestrator import AgentOrchestrator
from src.database.grants import SqlGrants
from src.database.models import (
    CollectionRecord,
    EventRecord,
    ExperimentRecord,
    IndexRecord,
    JobRecord,
    ModelRecord,
    RatingRecord,
    UserRecord,
)
from src.database.uow import Database, UnitOfWork
from src.services import registry
from src.services.blobs import FileBlobs
from src.services.text.questions import question_key

R = TypeVar("R")


@dataclass
class Laboratory:
    """One collection of ``owner``, whom the requests come from, and nine other readers."""

    database: Database
    policy: Policy = field(default_factory=Policy)
    readers: list[Caller] = field(init=False)
    orchestrator: AgentOrchestrator = field(init=False)
    agent: ExperimentRunnerAgent = field(init=False)
    owner: Caller = field(init=False)
    collection_id: str = field(init=False)

    def __post_init__(self) -> None:
        self.serve()
        self.owner, *self.readers = (self.reader(name) for name in ("ada", *"bcdefghij"))
        self.collection_id = self.collection()

    def serve(self) -> None:
        """Start the agent, with the policy as it is now."""
        folder = tempfile.mkdtemp(prefix="stoa-laboratory-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self.agent = ExperimentRunnerAgent(self.database, FileBlobs(Path(folder)), self.policy, cut_by=str)
        self.orchestrator = AgentOrchestrator(
            [self.agent], [], [CheckPermission(SqlGrants(self.database))], SystemClock()
        )

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

    def indexed(self) -> None:
        """Give the collection an index that is searched."""
        with self.database.begin() as work:
            record = IndexRecord(id=new_id(), collection_id=self.collection_id, state="live", dimensions=4)
            record.embedding_version, record.lexical_version, record.created_at = "v1", "l1", work.now()
            work.indexes.add(record)
            work.commit()

    def candidate(
        self,
        state: str = "candidate",
        *,
        collection_id: str | None = None,
        votes: int = 0,
        kind: str = "linear",
    ) -> str:
        """The id of a new model in that state, trained on so many votes."""
        with self.database.begin() as work:
            live = registry.live_model(work, collection_id or self.collection_id)
            record = registry.register(
                work,
                live.collection_id,
                kind=kind,
                state=state,
                parent_id=live.id,
                card={"trained_on": {"votes": votes}} if votes else {},
                by="agent:fine_tuner",
                reason="Trained on votes.",
            )
            work.commit()
            return record.id

    def gate_jobs(self, model_id: str) -> list[JobRecord]:
        """The attempts to prove a model, in order; nobody carries them out here."""
        with self.database.read() as work:
            jobs = work.session.scalars(select(JobRecord).where(JobRecord.kind == "gate")).all()
        mine = [job for job in jobs if job.payload["model_id"] == model_id]
        return sorted(mine, key=lambda job: job.id)

    def model(self, model_id: str) -> ModelRecord:
        with self.database.read() as work:
            return work.models.get(model_id)

    def live(self) -> ModelRecord:
        with self.database.read() as work:
            found = work.models.live(self.collection_id)
            assert found is not None
            return found

    def deliver(self, event: Event, event_id: str | None = None) -> None:
        """Hand an event to the agent as its consumer does."""
        fence = DeliveryFence(event_id or new_id(), self.agent.name)
        ctx = replace(self.orchestrator.context(Caller.agent(self.agent.name)), fence=fence)
        name = next(
            name
            for name, declared in self.agent.declarations.items()
            if isinstance(declared, On) and declared.event is type(event)
        )
        with suppress(AlreadyHandledError):
            getattr(self.agent, name)(event, ctx)

    def rating(
        self, ranks: tuple[int | None, int | None], *, reader: Caller, question: str, verdict: str = "up"
    ) -> RatingGiven:
        """A rating of a passage that the running experiment showed, with its ranks in the control's list and
        in the treatment's; what the bus would tell of it."""
        experiment = self.running()
        assert experiment is not None
        with self.database.begin() as work:
            rating = self._rate(work, experiment.id, ranks, reader, question, verdict)
            work.commit()
        return RatingGiven(
            rating_id=rating.id,
            kind=RatingKind.HIT,
            verdict=Verdict(verdict),
            user_id=reader.user_id or "",
            collection_id=self.collection_id,
            document_id=None,
            passage_id="p1",
            content_key=None,
            answer_id=None,
            search_id=rating.search_id,
            experiment_id=experiment.id,
            question_key=rating.question_key,
            place=1,
        )

    def _rate(
        self,
        work: UnitOfWork,
        experiment_id: str,
        ranks: tuple[int | None, int | None],
        reader: Caller,
        question: str,
        verdict: str,
    ) -> RatingRecord:
        search_id, rating_id, now = new_id(), new_id(), work.now()
        hit = {
            "rank": 1,
            "passage_id": "p1",
            "document_id": "d1",
            "team": "control",
            "control_rank": ranks[0],
            "treatment_rank": ranks[1],
        }
        work.searching.keep(
            id=search_id,
            user_id=reader.user_id,
            query=question,
            request={},
            collection_ids=[self.collection_id],
            hits=[hit],
            index_version="",
            models={},
            experiment_id=experiment_id,
            took_ms={"total": 20.0},
            at=now,
        )
        rating = RatingRecord(
            id=rating_id,
            user_id=reader.user_id,
            object_key=rating_id,
            kind="hit",
            search_id=search_id,
            collection_id=self.collection_id,
            passage_id="p1",
            content_key=question_key("p1"),
            question=question,
            question_key=question_key(question),
            verdict=verdict,
            reasons=[],
            state="counted",
            created_at=now,
            updated_at=now,
        )
        work.session.add(rating)
        return rating

    def poll(self, count: int, better: float, *, seed: int = 0, chunk: int = 10) -> None:
        """Up-votes of all readers on many questions while the experiment runs; a share ``better`` of the
        passages stands higher with the treatment, the others with the control."""
        chance = random.Random(seed)
        experiment = self.running()
        for start in range(0, count, chunk):
            now = self.running()
            if experiment is None or now is None or now.id != experiment.id:
                return
            ids = []
            with self.database.begin() as work:
                for number in range(start, min(count, start + chunk)):
                    ranks = (4, 1) if chance.random() < better else (1, 4)
                    reader = self.readers[number % len(self.readers)]
                    question = f"question {seed} {number}"
                    ids.append(self._rate(work, now.id, ranks, reader, question, "up").id)
                work.commit()
            # The handler brings votes to what the ratings say now, whichever event tells of them.
            self.deliver(
                RatingsHeld(collection_id=self.collection_id, rating_ids=tuple(ids), reasons=("looked at",))
            )

    def running(self) -> ExperimentRecord | None:
        with self.database.read() as work:
            return work.experiments.running(self.collection_id)

    def experiment(self, experiment_id: str) -> ExperimentRecord:
        with self.database.read() as work:
            return work.experiments.get(experiment_id)

    def trial(self, *, votes: int = 0) -> tuple[str, str]:
        """The ids of a gated candidate and of the trial that starts with it."""
        model_id = self.candidate("gated", votes=votes)
        self.deliver(CandidateGated(model_id=model_id, collection_id=self.collection_id))
        experiment = self.running()
        assert experiment is not None
        return model_id, experiment.id

    def events(self, topic: str) -> list[EventRecord]:
        """What was published so far under the topic, in order."""
        with self.database.read() as work:
            found = work.session.scalars(select(EventRecord).where(EventRecord.topic == topic))
            return sorted(found, key=lambda event: event.event_id)


@pytest.fixture
def laboratory(database: Database) -> Laboratory:
    """On each kind of database."""
    return Laboratory(database)
