"""Reading the event log, for streams and pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from .messages.console import LoggedEvent


class EventLog(Protocol):
    """The published events in the order of their positions."""

    def last_position(self) -> int:
        """The position of the newest event; 0 where there is none."""

    def after(self, position: int, *, topic: str | None = None, limit: int = 200) -> Sequence[LoggedEvent]:
        """Events past ``position``, oldest first; ``topic`` may end in ``*``."""
