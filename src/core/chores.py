"""Periodic work: which of it is due, and doing it once at a time."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from .agent import Agent, Every
from .clock import Clock, new_id
from .context import Context
from .steering import Steering
from .tally import Tally
from .trace import correlated

log = logging.getLogger("stoa.worker")


SHARE = 0.9
"""A lease is a little shorter than the interval, so that the same process can take it again."""


class Leases(Protocol):
    """Lets one process at a time do a periodic task."""

    def take(self, name: str, holder: str, seconds: float) -> bool:
        """True where ``holder`` has the lease for the next ``seconds``; its own lease is renewed."""


@dataclass(frozen=True)
class Chore:
    """A periodic method of an agent."""

    name: str
    agent: str
    seconds: float
    call: Callable[[Context], None]


def chores_of(agents: Sequence[Agent]) -> list[Chore]:
    """The periodic methods that the agents declare."""
    return [
        Chore(f"{agent.name}.{attribute}", agent.name, declaration.seconds, getattr(agent, attribute))
        for agent in agents
        for attribute, declaration in agent.declarations.items()
        if isinstance(declaration, Every)
    ]


class ChoreRunner:
    """Does what is due, for any number of threads: that which is overdue longest first, and nothing in two
    threads at once. So a slow chore holds up one thread, and no other chore while there is another thread."""

    def __init__(
        self,
        chores: Sequence[Chore],
        leases: Leases,
        context: Callable[[str], Context],
        *,
        steering: Steering,
        tally: Tally,
        clock: Clock,
    ) -> None:
        self._leases = leases
        self._context = context
        self._steering = steering
        self._tally = tally
        self._clock = clock
        self._holder = new_id()
        self._lock = threading.Lock()
        self._idle = {chore.name: chore for chore in chores}
        self._due = dict.fromkeys(self._idle, clock.monotonic())
        self._renewal: dict[Chore, float] = {}

    def run_once(self) -> bool:
        """Do one chore; False where none is due."""
        with self._next() as chore:
            if chore is None:
                return False
            if self._take(chore):
                with self._renewed(chore):
                    self._do(chore)
            return True

    def renew(self) -> None:
        """Keep the leases of what is being done, so that no other process begins it meanwhile. To be called
        every few seconds by a thread that does no chores."""
        now = self._clock.monotonic()
        with self._lock:
            due = [chore for chore, at in self._renewal.items() if at <= now]
            self._renewal.update((chore, _renewal(chore, now)) for chore in due)
        for chore in due:
            self._take(chore)

    def _take(self, chore: Chore) -> bool:
        return self._leases.take(chore.name, self._holder, chore.seconds * SHARE)

    @contextmanager
    def _renewed(self, chore: Chore) -> Iterator[None]:
        """Have ``renew`` keep the chore's lease until the end."""
        with self._lock:
            self._renewal[chore] = _renewal(chore, self._clock.monotonic())
        try:
            yield
        finally:
            with self._lock:
                del self._renewal[chore]

    @contextmanager
    def _next(self) -> Iterator[Chore | None]:
        """What is to be done next, out of the reach of other threads until then."""
        with self._lock:
            now = self._clock.monotonic()
            due = [chore for chore in self._idle.values() if self._due[chore.name] <= now]
            ready = [chore for chore in due if self._steering.takes_work(chore.agent)]
            chore = min(ready, key=lambda chore: self._due[chore.name], default=None)
            if chore is not None:
                del self._idle[chore.name]
                self._due[chore.name] = now + chore.seconds
        try:
            yield chore
        finally:
            if chore is not None:
                with self._lock:
                    self._idle[chore.name] = chore

    def _do(self, chore: Chore) -> None:
        ctx = self._context(chore.agent)
        with correlated(ctx.correlation_id):
            try:
                with self._tally.busy(chore.agent, chore.name):
                    chore.call(ctx)
            except Exception:
                log.exception("%s failed; it is tried again in %g s", chore.name, chore.seconds)


def _renewal(chore: Chore, now: float) -> float:
    """When a lease that was taken now is to be renewed."""
    return now + chore.seconds * SHARE / 3
