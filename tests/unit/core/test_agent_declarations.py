"""What an agent may declare, and how the orchestrator makes the capability map of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import pytest

from src.core.agent import Agent, Every, Handles, On, Runs, every, handles, on, runs
from src.core.caller import Caller
from src.core.clock import SystemClock
from src.core.context import Context
from src.core.errors import WiringError
from src.core.jobs import JobRun
from src.core.messages.base import Access, Event, JobSpec, Reply, Request
from src.core.orchestrator import AgentOrchestrator


class Sum(Reply):
    value: int


class Add(Request[Sum]):
    """Add two numbers."""

    capability: ClassVar[str] = "number.add"
    access: ClassVar[Access] = Access.anyone()
    a: int
    b: int


class Double(Request[Sum]):
    """Double a number."""

    capability: ClassVar[str] = "number.double"
    access: ClassVar[Access] = Access.anyone()
    a: int


class AddToo(Request[Sum]):
    """Another request that claims the capability of Add."""

    capability: ClassVar[str] = "number.add"
    access: ClassVar[Access] = Access.anyone()


class Counted(Event):
    topic: ClassVar[str] = "number.counted.v1"


class Count(JobSpec):
    kind: ClassVar[str] = "count"


class Adder(Agent):
    """Adds numbers.

    And says no more of it in its summary.
    """

    name = "adder"

    @handles(Add)
    def add(self, request: Add, ctx: Context) -> Sum:
        return Sum(value=request.a + request.b)


class Doubler(Agent):
    """Doubles numbers, with the help of whoever adds."""

    name = "doubler"

    @handles(Double)
    def double(self, request: Double, ctx: Context) -> Sum:
        return ctx.ask(Add(a=request.a, b=request.a))


def orchestrate(agents: Sequence[Agent], requests: Sequence[type[Request[Any]]] = ()) -> AgentOrchestrator:
    return AgentOrchestrator(agents, requests, [], SystemClock())


def test_a_request_reaches_its_agent_by_its_type_and_agents_reach_each_other() -> None:
    orchestrator = orchestrate([Adder(), Doubler()], [Add, Double])
    ctx = orchestrator.context(Caller.anonymous())
    assert orchestrator.ask(Add(a=1, b=2), ctx).value == 3
    assert orchestrator.ask(Double(a=4), ctx).value == 8


def test_the_capability_map_is_derived_from_the_declarations() -> None:
    orchestrator = orchestrate([Doubler(), Adder()])
    assert [(route.capability, route.agent.name) for route in orchestrator.routes] == [
        ("number.add", "adder"),
        ("number.double", "doubler"),
    ]


def test_an_agent_is_summed_up_by_the_first_line_of_its_description() -> None:
    assert Adder.summary == "Adds numbers."


def test_every_kind_of_declaration_is_kept_with_its_method() -> None:
    class Busy(Agent):
        """Does something of everything."""

        name = "busy"

        @on(Counted, ordered=True)
        def note(self, event: Counted, ctx: Context) -> None: ...

        @runs(Count)
        def count(self, job: Count, run: JobRun) -> None: ...

        @every(5.0)
        def look(self, ctx: Context) -> None: ...

    class Busier(Busy):
        """Inherits what is declared above it."""

        @handles(Add)
        def add(self, request: Add, ctx: Context) -> Sum:
            return Sum(value=0)

    assert Busy.declarations == {"note": On(Counted, True), "count": Runs(Count), "look": Every(5.0)}
    assert Busier.declarations == {**Busy.declarations, "add": Handles(Add)}
    assert Agent.declarations == {}


def test_two_agents_with_one_capability_are_refused() -> None:
    class Rival(Agent):
        """Claims what the adder does."""

        name = "rival"

        @handles(AddToo)
        def add(self, request: AddToo, ctx: Context) -> Sum:
            return Sum(value=0)

    with pytest.raises(WiringError, match=r"adder and rival both claim number\.add"):
        orchestrate([Adder(), Rival()])


def test_two_agents_with_one_name_are_refused() -> None:
    with pytest.raises(WiringError, match="two agents are named adder"):
        orchestrate([Adder(), Adder()])


def test_a_request_that_nobody_handles_is_refused_at_the_start() -> None:
    with pytest.raises(WiringError, match="no agent handles Double"):
        orchestrate([Adder()], [Add, Double])


def test_asking_what_nobody_handles_is_a_wiring_error() -> None:
    orchestrator = orchestrate([Adder()])
    with pytest.raises(WiringError, match="no agent handles Double"):
        orchestrator.ask(Double(a=1), orchestrator.context(Caller.anonymous()))


def test_a_handler_that_takes_another_type_than_it_declares_is_refused() -> None:
    with pytest.raises(WiringError, match=r"Wrong\.add is declared for Add but takes .*Double"):

        class Wrong(Agent):
            name = "wrong"

            @handles(Add)
            def add(self, request: Double, ctx: Context) -> Sum:
                return Sum(value=0)


def test_a_handler_of_events_or_jobs_that_takes_another_type_is_refused() -> None:
    with pytest.raises(WiringError, match=r"declared for Counted but takes .*Count"):

        class Listens(Agent):
            name = "listens"

            @on(Counted)  # type: ignore[arg-type]
            def note(self, event: Count, ctx: Context) -> None: ...

    with pytest.raises(WiringError, match=r"declared for Count but takes .*Counted"):

        class Works(Agent):
            name = "works"

            @runs(Count)  # type: ignore[arg-type]
            def count(self, job: Counted, run: JobRun) -> None: ...


def test_a_handler_that_does_not_say_what_it_returns_is_refused() -> None:
    with pytest.raises(WiringError, match="does not say what it returns"):

        class Silent(Agent):
            name = "silent"

            @handles(Add)
            def add(self, request: Add, ctx: Context):  # type: ignore[no-untyped-def]
                return Sum(value=0)


def test_an_agent_that_takes_a_request_twice_is_refused() -> None:
    with pytest.raises(WiringError, match="takes Add twice: first and second"):

        class Twice(Agent):
            name = "twice"

            @handles(Add)
            def first(self, request: Add, ctx: Context) -> Sum:
                return Sum(value=0)

            @handles(Add)
            def second(self, request: Add, ctx: Context) -> Sum:
                return Sum(value=0)


def test_an_agent_without_a_name_is_refused() -> None:
    with pytest.raises(WiringError, match="Nameless has no name"):

        class Nameless(Agent):
            """Nobody."""


def test_a_summary_is_the_whole_first_paragraph() -> None:
    class Wordy(Agent):
        """Says what it does in a sentence that
        goes on in the next line.

        What else there is to know is not part of it."""

        name = "wordy"

    assert Wordy.summary == "Says what it does in a sentence that goes on in the next line."
