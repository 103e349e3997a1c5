"""What happens around every request: permission, deadline and record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import ClassVar

import pytest

from src.core.activity import Activity
from src.core.agent import Agent, handles
from src.core.caller import ADMIN, Caller, Grant
from src.core.context import Context
from src.core.errors import (
    AppError,
    ConflictError,
    DeadlineExceededError,
    ForbiddenError,
    NotFoundError,
    UnauthenticatedError,
    UnavailableError,
)
from src.core.messages.base import Access, Reply, Request, Target
from src.core.middleware import CheckPermission, RecordActivity, SetDeadline
from src.core.orchestrator import AgentOrchestrator, Middleware
from src.core.tally import Tally


class Done(Reply):
    deadline: float | None = None


class Open(Request[Done]):
    capability: ClassVar[str] = "test.open"
    access: ClassVar[Access] = Access.anyone()


class Quiet(Open):
    capability: ClassVar[str] = "test.quiet"
    recorded: ClassVar[bool] = False


class Slow(Open):
    capability: ClassVar[str] = "test.slow"
    deadline_s: ClassVar[float | None] = 300.0


class Personal(Request[Done]):
    capability: ClassVar[str] = "test.personal"
    access: ClassVar[Access] = Access.signed_in()


class Read(Request[Done]):
    capability: ClassVar[str] = "test.read"
    access: ClassVar[Access] = Access.read(Target.DOCUMENT, "document_id")
    document_id: str


class Write(Request[Done]):
    capability: ClassVar[str] = "test.write"
    access: ClassVar[Access] = Access.write(Target.DOCUMENT, "document_id")
    document_id: str


class Rule(Request[Done]):
    capability: ClassVar[str] = "test.rule"
    access: ClassVar[Access] = Access.administer()


@dataclass
class Clock:
    """A clock that stands still until a test moves it."""

    seconds: float = 1000.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)

    def monotonic(self) -> float:
        return self.seconds


class Library:
    """Grants on documents: ``open`` may be written, ``shared`` read, ``secret`` neither."""

    def on(self, caller: Caller, target: Target, object_id: str) -> Grant | None:
        assert target is Target.DOCUMENT
        may = {"open": (True, True), "shared": (True, False), "secret": (False, False)}.get(object_id)
        return Grant("c", *may) if may else None


@dataclass
class Notebook:
    """Keeps activities and counts where a test sees them."""

    activities: list[Activity] = field(default_factory=list)
    counts: dict[str, tuple[int, int, str | None]] = field(default_factory=dict)

    def record(self, activity: Activity) -> None:
        self.activities.append(activity)

    def count(self, name: str, *, handled: int, failed: int, error: str | None) -> None:
        self.counts[name] = (handled, failed, error)


class Everything(Agent):
    """Handles every request of this module; ``act`` may raise, take time or ask on."""

    name = "everything"

    def __init__(self) -> None:
        self.act: Callable[[Context], None] = lambda ctx: None

    def _done(self, ctx: Context) -> Done:
        self.act(ctx)
        return Done(deadline=ctx.deadline)

    @handles(Open)
    def open(self, request: Open, ctx: Context) -> Done:
        return self._done(ctx)

    @handles(Quiet)
    def quiet(self, request: Quiet, ctx: Context) -> Done:
        return self._done(ctx)

    @handles(Slow)
    def slow(self, request: Slow, ctx: Context) -> Done:
        return ctx.ask(Open())

    @handles(Personal)
    def personal(self, request: Personal, ctx: Context) -> Done:
        return ctx.ask(Slow())

    @handles(Read)
    def read(self, request: Read, ctx: Context) -> Done:
        return self._done(ctx)

    @handles(Write)
    def write(self, request: Write, ctx: Context) -> Done:
        return self._done(ctx)

    @handles(Rule)
    def rule(self, request: Rule, ctx: Context) -> Done:
        return self._done(ctx)


ANONYMOUS = Caller.anonymous()
ADA = Caller("1", "ada", frozenset({"reader"}))
ADMINISTRATOR = Caller("2", "root", frozenset({ADMIN}))
AGENT = Caller.agent("ingestion")


@dataclass
class Office:
    """An orchestrator with all the middleware, in the order of the composition root."""

    clock: Clock = field(default_factory=Clock)
    notebook: Notebook = field(default_factory=Notebook)
    agent: Everything = field(default_factory=Everything)

    def __post_init__(self) -> None:
        self.tally = Tally(self.notebook)
        middleware: list[Middleware] = [
            RecordActivity(self.notebook, self.tally),
            CheckPermission(Library()),
            SetDeadline(30.0),
        ]
        self.orchestrator = AgentOrchestrator([self.agent], [], middleware, self.clock)

    def ask(self, request: Request[Done], caller: Caller = ANONYMOUS) -> Done:
        return self.orchestrator.ask(request, self.orchestrator.context(caller))


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.mark.parametrize(
    ("request_", "caller", "refusal"),
    [
        (Open(), ANONYMOUS, None),
        (Personal(), ANONYMOUS, UnauthenticatedError),
        (Personal(), ADA, None),
        (Personal(), AGENT, None),
        (Rule(), ANONYMOUS, UnauthenticatedError),
        (Rule(), ADA, ForbiddenError),
        (Rule(), ADMINISTRATOR, None),
        (Rule(), AGENT, None),
        (Read(document_id="open"), ANONYMOUS, UnauthenticatedError),
        (Read(document_id="open"), ADA, None),
        (Read(document_id="shared"), ADA, None),
        (Read(document_id="secret"), ADA, NotFoundError),
        (Read(document_id="missing"), ADA, NotFoundError),
        (Write(document_id="open"), ADA, None),
        (Write(document_id="shared"), ADA, ForbiddenError),
        (Write(document_id="secret"), ADA, NotFoundError),
        (Write(document_id="missing"), ADA, NotFoundError),
    ],
)
def test_a_request_is_let_through_by_the_access_it_declares(
    office: Office, request_: Request[Done], caller: Caller, refusal: type[AppError] | None
) -> None:
    reached: list[Context] = []
    office.agent.act = reached.append
    if refusal is None:
        office.ask(request_, caller)
    else:
        with pytest.raises(refusal):
            office.ask(request_, caller)
    assert bool(reached) is (refusal is None)


def test_what_is_hidden_and_what_is_not_there_are_told_in_the_same_words(office: Office) -> None:
    told = []
    for object_id in ("secret", "missing"):
        with pytest.raises(NotFoundError) as refusal:
            office.ask(Read(document_id=object_id), ADA)
        told.append(refusal.value.detail.replace(object_id, "…"))
    assert told[0] == told[1]


def test_a_deadline_is_the_default_and_never_later_than_that_of_its_cause(office: Office) -> None:
    """A personal request (30 s) asks a slow one (300 s), which asks the one that tells its deadline."""
    assert office.ask(Open()).deadline == 1030.0
    assert office.ask(Personal(), ADA).deadline == 1030.0


def test_a_request_may_have_a_deadline_of_its_own_but_what_it_asks_keeps_the_default(office: Office) -> None:
    seen: list[float | None] = []
    office.agent.act = lambda ctx: seen.append(ctx.deadline)
    office.ask(Slow())
    assert seen == [1030.0]
    late = replace(office.orchestrator.context(ANONYMOUS), deadline=1004.0)
    office.orchestrator.ask(Slow(), late)
    assert seen[1] == 1004.0


def test_what_is_asked_after_the_deadline_is_not_begun(office: Office) -> None:
    reached: list[Context] = []
    office.agent.act = reached.append
    over = replace(office.orchestrator.context(ANONYMOUS), deadline=999.0)
    with pytest.raises(DeadlineExceededError):
        office.orchestrator.ask(Open(), over)
    assert reached == []


@pytest.mark.parametrize(
    ("error", "outcome", "counts"),
    [
        (None, ("ok", None), (1, 0, None)),
        (ConflictError("It is there already."), ("conflict", None), (1, 0, None)),
        (UnavailableError("It is away."), ("unavailable", "It is away."), (1, 0, None)),
        (ZeroDivisionError("oops"), ("internal", "ZeroDivisionError: oops"), (0, 1, "internal")),
    ],
)
def test_a_request_is_recorded_and_counted_with_its_outcome(
    office: Office, error: Exception | None, outcome: tuple[str, str | None], counts: tuple[int, int, str]
) -> None:
    def act(ctx: Context) -> None:
        office.clock.seconds += 0.25
        if error is not None:
            raise error

    office.agent.act = act
    ctx = office.orchestrator.context(ADA)
    if error is None:
        office.orchestrator.ask(Open(), ctx)
    else:
        with pytest.raises(type(error)):
            office.orchestrator.ask(Open(), ctx)
    at, (code, told) = datetime.fromtimestamp(1000.0, UTC), outcome
    recorded = Activity("test.open", "everything", "ada", at, 250.0, code, ctx.correlation_id, told)
    assert office.notebook.activities == [recorded]
    office.tally.flush()
    assert office.notebook.counts == {"everything": counts}


def test_a_refused_request_is_recorded_too(office: Office) -> None:
    with pytest.raises(ForbiddenError):
        office.ask(Rule(), ADA)
    assert [(a.capability, a.outcome) for a in office.notebook.activities] == [("test.rule", "forbidden")]


def test_what_precedes_every_request_leaves_no_record_but_is_counted(office: Office) -> None:
    office.ask(Quiet())
    assert office.notebook.activities == []
    office.tally.flush()
    assert office.notebook.counts == {"everything": (1, 0, None)}


def test_a_request_and_what_it_asks_share_a_correlation(office: Office) -> None:
    office.ask(Personal(), ADA)
    recorded = office.notebook.activities
    assert [a.capability for a in recorded] == ["test.open", "test.slow", "test.personal"]
    assert len({a.correlation_id for a in recorded}) == 1
