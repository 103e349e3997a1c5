"""An application of small scripted agents behind the real orchestrator, for tests of the HTTP edge alone."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from src.core.agent import Agent, handles
from src.core.clock import Clock, SystemClock
from src.core.context import Context
from src.core.errors import NotFoundError, UnauthenticatedError
from src.core.jobs import JobState
from src.core.messages import catalogue
from src.core.messages.accounts import Authenticate, FindUser, GetMe, SignIn, User
from src.core.messages.console import EventPage, ListEvents, LoggedEvent, Metrics, ReadMetrics
from src.core.messages.jobs import GetJob, Job
from src.core.messages.questions import Answer, AskQuestion, Style
from src.core.middleware import CheckPermission
from src.core.orchestrator import AgentOrchestrator
from src.core.settings import Settings
from src.core.signals import Signal

NOW = datetime(2026, 11, 21, tzinfo=UTC)
TOKENS = {"admin-token": ("u1", ("admin",)), "reader-token": ("u2", ("reader",))}
ADMIN = {"Authorization": "Bearer admin-token"}
READER = {"Authorization": "Bearer reader-token"}


class MemoryLog:
    """An event log that counts how often it is read."""

    def __init__(self, signal: Signal) -> None:
        self._signal = signal
        self._events: list[LoggedEvent] = []
        self.reads = 0

    def add(self, topic: str, **payload: Any) -> int:
        position = len(self._events) + 1
        self._events.append(
            LoggedEvent(
                position=position,
                id=f"e{position}",
                topic=topic,
                key=None,
                at=NOW,
                correlation_id="c",
                causation_id=None,
                payload=payload,
            )
        )
        self._signal.notify()
        return position

    def last_position(self) -> int:
        return len(self._events)

    def after(self, position: int, *, topic: str | None = None, limit: int = 200) -> Sequence[LoggedEvent]:
        self.reads += 1
        prefix = (topic or "*").removesuffix("*")
        return [event for event in self._events[position:] if event.topic.startswith(prefix)][:limit]


def answer(text: str, **more: Any) -> Answer:
    """A stored answer with that text."""
    fields: dict[str, Any] = {
        "answer_id": "a1",
        "conversation_id": "c1",
        "question": "Why?",
        "condensed": "Why?",
        "style": Style.DEFAULT,
        "text": text,
        "grounded": True,
        "citations": (),
        "passages": (),
        "query_id": "q1",
        "model": "scripted",
        "prompt_version": "1",
        "index_version": "1",
        "took_ms": {},
        "asked_at": NOW,
    }
    return Answer(**{**fields, **more})


def job(state: JobState, done: int) -> Job:
    return Job(
        id="j1",
        kind="ingest",
        collection_id=None,
        source_id=None,
        state=state,
        stage="embedding",
        done=done,
        total=10,
        rate_per_s=None,
        eta_s=None,
        stuck=False,
        attempts=1,
        created_at=NOW,
        started_at=NOW,
        finished_at=None,
    )


class ScriptedAgent(Agent):
    """Answers what the tests look at."""

    name = "scripted"

    def __init__(self, application: ScriptedApplication) -> None:
        self._application = application

    @handles(Authenticate)
    def authenticate(self, request: Authenticate, ctx: Context) -> User:
        try:
            user_id, roles = TOKENS[request.token.get_secret_value()]
        except KeyError:
            raise UnauthenticatedError("The token is not valid.") from None
        return User(id=user_id, username=user_id, roles=roles, created_at=NOW)

    @handles(SignIn)
    def sign_in(self, request: SignIn, ctx: Context) -> User:
        if request.password.get_secret_value() != "right":
            raise UnauthenticatedError("The username or the password is wrong.")
        return User(id="u1", username=request.username, roles=("admin",), created_at=NOW)

    @handles(FindUser)
    def find_user(self, request: FindUser, ctx: Context) -> User:
        if request.user_id in self._application.switched_off:
            raise UnauthenticatedError("The account is switched off.")
        return User(id=request.user_id, username="ada", roles=("admin",), created_at=NOW)

    @handles(GetMe)
    def me(self, request: GetMe, ctx: Context) -> User:
        roles = tuple(ctx.caller.roles)
        return User(id=ctx.caller.user_id or "", username=ctx.caller.username, roles=roles, created_at=NOW)

    @handles(ListEvents)
    def list_events(self, request: ListEvents, ctx: Context) -> EventPage:
        return EventPage(items=tuple(self._application.event_log.after(0)))

    @handles(GetJob)
    def get_job(self, request: GetJob, ctx: Context) -> Job:
        self._application.job_reads += 1
        return self._application.job

    @handles(AskQuestion)
    def ask(self, request: AskQuestion, ctx: Context) -> Answer:
        return self._application.answering(request, ctx)

    @handles(ReadMetrics)
    def metrics(self, request: ReadMetrics, ctx: Context) -> Metrics:
        return Metrics(families=self._application.families, samples=self._application.samples)


def _rest(handled: set[Any]) -> Agent:
    """An agent for every other request, which finds nothing."""
    methods: dict[str, Any] = {"name": "rest", "__doc__": "Finds nothing."}
    for number, request in enumerate(catalogue.requests()):
        if request not in handled:
            methods[f"handle_{number}"] = handles(request)(_nothing(request))
    made: Agent = type("RestAgent", (Agent,), methods)()
    return made


def _nothing(wanted: Any) -> Callable[..., Any]:
    def nothing(self: Agent, request: Any, ctx: Context) -> Any:
        raise NotFoundError("There is nothing here.")

    nothing.__annotations__ = {"request": wanted, "ctx": Context, "return": Any}
    return nothing


class Everything:
    """Grants whatever is asked for."""

    def on(self, caller: Any, target: Any, object_id: str) -> Any:
        from src.core.caller import Grant

        return Grant(object_id, may_read=True, may_write=True)

    def scope(self, caller: Any, collection_ids: Any) -> Any:
        raise NotImplementedError


@dataclass
class Signals:
    events: Signal = field(default_factory=Signal)
    jobs: Signal = field(default_factory=Signal)


class ScriptedApplication:
    """What ``create_app`` needs, with the parts that a test steers in the open."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self.clock: Clock = SystemClock()
        self.signals = Signals()
        self.event_log = MemoryLog(self.signals.events)
        self.secret_key = b"k" * 32
        self.job = job(JobState.RUNNING, 0)
        self.job_reads = 0
        self.switched_off: set[str] = set()
        self.families: tuple[Any, ...] = ()
        self.samples: tuple[Any, ...] = ()
        self.answering: Callable[[AskQuestion, Context], Answer] = lambda *_: answer("Because.")
        self.gate = threading.Event()
        agent = ScriptedAgent(self)
        taken = {declaration.request for declaration in agent.declarations.values()}  # type: ignore[union-attr]
        self.orchestrator = AgentOrchestrator(
            [agent, _rest(taken)], catalogue.requests(), [CheckPermission(Everything())], self.clock
        )
