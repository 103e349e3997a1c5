"""What is recorded of a request."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from .clock import Clock


@dataclass(frozen=True)
class Activity:
    """One handled request: who asked which agent for what, how long it took and how it ended.

    ``outcome`` is ``ok`` or the failure's code; ``error`` says what failed where the fault is Stoa's."""

    capability: str
    agent: str
    caller: str
    at: datetime
    duration_ms: float
    outcome: str
    correlation_id: str
    error: str | None = None


@dataclass
class Recording:
    """The activity of a request that goes on.

    A handler whose last effect is a small record of its own writes it in that transaction
    (``UnitOfWork.conclude``), which sets ``kept``: then it is not written again, unless the request
    fails after all.
    """

    capability: str
    agent: str
    caller: str
    correlation_id: str
    clock: Clock = field(repr=False)
    kept: bool = False
    at: datetime = field(init=False)
    _started: float = field(init=False)

    def __post_init__(self) -> None:
        self.at, self._started = self.clock.now(), self.clock.monotonic()

    def activity(self, outcome: str = "ok", error: str | None = None) -> Activity:
        """What there is to tell where the request ends now."""
        return Activity(
            capability=self.capability,
            agent=self.agent,
            caller=self.caller,
            at=self.at,
            duration_ms=(self.clock.monotonic() - self._started) * 1000,
            outcome=outcome,
            correlation_id=self.correlation_id,
            error=error,
        )
