"""The context of one piece of work: on whose behalf, set off by what, until when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from .activity import Recording
from .caller import Caller
from .clock import Clock, new_id
from .errors import DeadlineExceededError
from .messages.base import Message, Request

if TYPE_CHECKING:
    from .orchestrator import AgentOrchestrator

R = TypeVar("R")


@dataclass
class DeliveryFence:
    """The unit of work of an event handler commits "handled by ``group``" with its effects.

    The unit of work sets ``settled`` when it did; a second writing unit of work is a bug. ``repeatable``
    is True where a power cut that loses the commit also loses the ack: it need not wait for the disk.
    """

    event_id: str
    group: str
    repeatable: bool = False
    settled: bool = False


@dataclass(frozen=True)
class JobFence:
    """The unit of work of a job commits only while ``lease_token`` still holds the job."""

    job_id: str
    lease_token: str


Fence = DeliveryFence | JobFence


def _ignore(_: Message) -> None:
    return


def _never() -> bool:
    return False


@dataclass(frozen=True)
class Context:
    """Handed to every handler. ``deadline`` is on the clock's monotonic scale; None is no deadline."""

    caller: Caller
    clock: Clock
    orchestrator: AgentOrchestrator = field(repr=False)
    correlation_id: str
    causation_id: str | None = None
    deadline: float | None = None
    fence: Fence | None = None
    emit: Callable[[Message], None] = _ignore
    """Gives a part of the reply ahead of it, where the caller listens (a streamed answer)."""
    recording: Recording | None = field(default=None, repr=False)
    """The record of this very request, where one is kept."""
    abandoned: Callable[[], bool] = _never
    """Whether nobody waits for the reply any more: what is costly may end early then."""

    def ask(self, request: Request[R]) -> R:
        """Make a request of another agent as part of this work, for the same caller."""
        inner = replace(self, fence=None, emit=_ignore, recording=None)
        return self.orchestrator.ask(request, inner)

    def remaining_s(self, at_most: float) -> float:
        """Seconds until the deadline, at most ``at_most``; raises DeadlineExceededError when it is over."""
        if self.deadline is None:
            return at_most
        left = self.deadline - self.clock.monotonic()
        if left <= 0:
            raise DeadlineExceededError("The request ran past its deadline; try again or ask for less.")
        return min(left, at_most)

    def check_deadline(self) -> None:
        """Raise DeadlineExceededError when the deadline is over."""
        self.remaining_s(1.0)


def new_correlation() -> str:
    """The id that everything one request sets off will share."""
    return new_id()
