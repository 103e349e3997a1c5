"""Agents declare what they do with decorators; the declaration is checked when the class is made."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, get_type_hints

from .context import Context
from .errors import WiringError
from .messages.base import Event, JobSpec, Request

if TYPE_CHECKING:
    from .jobs import JobRun

R = TypeVar("R")
E = TypeVar("E", bound=Event)
J = TypeVar("J", bound=JobSpec)
A = TypeVar("A")

_MARK = "__stoa_declaration__"


@dataclass(frozen=True)
class Handles:
    """The method answers requests of this type."""

    request: type[Request[Any]]


@dataclass(frozen=True)
class On:
    """The method is called for every event of this type; ``ordered`` keeps the order of one key, and
    ``batched`` lets several deliveries share a transaction."""

    event: type[Event]
    ordered: bool
    batched: bool = False


@dataclass(frozen=True)
class Runs:
    """The method carries out jobs of this kind, from where an earlier attempt stopped."""

    job: type[JobSpec]


@dataclass(frozen=True)
class Every:
    """The method is called about every ``seconds``, by one thread of one process at a time. What takes long
    belongs into a job, which shows how far it is and goes on after the death of its process."""

    seconds: float


Declaration = Handles | On | Runs | Every


def handles(
    request: type[Request[R]],
) -> Callable[[Callable[[A, Any, Context], R]], Callable[[A, Any, Context], R]]:
    """Declare that the method answers ``request``; its return type must be the request's reply type."""
    return _marker(Handles(request))


def on(
    event: type[E], *, ordered: bool = False, batched: bool = False
) -> Callable[[Callable[[A, E, Context], None]], Callable[[A, E, Context], None]]:
    """Subscribe the method to ``event``. It may run more than once for one event: what it writes through
    its unit of work is applied once, anything else must be idempotent.

    ``batched`` is for a handler that does no more than read and write the database, in the unit of work
    of its context: it asks no agent, no model and no network. Several events are then handled in one
    transaction, which is much faster; where one of them fails, each is handled again by itself."""
    return _marker(On(event, ordered, batched))


def runs(
    job: type[J],
) -> Callable[[Callable[[A, J, JobRun], None]], Callable[[A, J, JobRun], None]]:
    """Declare that the method carries out jobs of type ``job``."""
    return _marker(Runs(job))


def every(seconds: float) -> Callable[[Callable[[A, Context], None]], Callable[[A, Context], None]]:
    """Call the method periodically."""
    return _marker(Every(seconds))


def _marker(declaration: Declaration) -> Callable[[Any], Any]:
    def mark(method: Any) -> Any:
        setattr(method, _MARK, declaration)
        return method

    return mark


class Agent:
    """A specialist: a name, and methods declared with ``@handles``, ``@on``, ``@runs`` and ``@every``.

    The name is also its consumer group on the bus. An agent holds no state but what its constructor was
    given; it speaks to other agents with ``ctx.ask`` and with events only.
    """

    name: ClassVar[str]
    summary: ClassVar[str] = ""
    declarations: ClassVar[dict[str, Declaration]] = {}

    def __init_subclass__(cls) -> None:
        found = dict(cls.declarations)
        for attribute, method in vars(cls).items():
            declaration = getattr(method, _MARK, None)
            if declaration is not None:
                _check(cls, attribute, method, declaration)
                found[attribute] = declaration
        _refuse_twice(cls, found)
        cls.declarations = found
        if not getattr(cls, "name", ""):
            raise WiringError(f"{cls.__name__} has no name")
        if not cls.summary:
            cls.summary = " ".join((inspect.getdoc(cls) or "").split("\n\n", 1)[0].split())


def _check(cls: type[Agent], attribute: str, method: Callable[..., Any], declaration: Declaration) -> None:
    if isinstance(declaration, Every):
        return
    wanted: type = (
        declaration.request
        if isinstance(declaration, Handles)
        else declaration.event
        if isinstance(declaration, On)
        else declaration.job
    )
    first = list(inspect.signature(method).parameters)[1]
    from .jobs import JobRun

    hints = get_type_hints(method, localns={"JobRun": JobRun})
    if hints.get(first) is not wanted:
        raise WiringError(
            f"{cls.__name__}.{attribute} is declared for {wanted.__name__} but takes {hints.get(first)}"
        )
    if "return" not in hints:
        raise WiringError(f"{cls.__name__}.{attribute} does not say what it returns")


def _refuse_twice(cls: type[Agent], declarations: dict[str, Declaration]) -> None:
    seen: dict[object, str] = {}
    for attribute, declaration in declarations.items():
        if isinstance(declaration, Every):
            continue
        message = (
            declaration.request
            if isinstance(declaration, Handles)
            else declaration.event
            if isinstance(declaration, On)
            else declaration.job
        )
        if message in seen:
            raise WiringError(
                f"{cls.__name__} takes {message.__name__} twice: {seen[message]} and {attribute}"
            )
        seen[message] = attribute
