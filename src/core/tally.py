"""Counts what agents do, gathered in memory and added to the database every few seconds."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from .consumer import AlreadyHandledError
from .context import Context
from .errors import RetryLater


@dataclass
class Counts:
    """What one agent did since the last flush, and its last failure."""

    handled: int = 0
    failed: int = 0
    error: str | None = None


class Journal(Protocol):
    """Where the counts are kept over processes and restarts."""

    def count(self, name: str, *, handled: int, failed: int, error: str | None) -> None: ...


@dataclass
class Tally:
    """Thread-safe counters, and what each agent of this process is doing at this moment."""

    journal: Journal
    _counts: dict[str, Counts] = field(default_factory=dict)
    _current: dict[str, list[str]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, agent: str, error: str | None = None) -> None:
        """Count one piece of work; ``error`` is None where it went well."""
        with self._lock:
            counts = self._counts.setdefault(agent, Counts())
            if error is None:
                counts.handled += 1
            else:
                counts.failed += 1
                counts.error = error

    @contextmanager
    def busy(self, agent: str, what: str) -> Iterator[None]:
        """Show ``what`` as the agent's current work, and count how it ends. What is put off, or was done
        by another holder, is neither handled nor failed."""
        with self._lock:
            self._current.setdefault(agent, []).append(what)
        try:
            yield
        except (RetryLater, AlreadyHandledError):
            raise
        except Exception as error:
            self.note(agent, f"{type(error).__name__}: {error}")
            raise
        else:
            self.note(agent)
        finally:
            with self._lock:
                self._current[agent].remove(what)

    def counted(
        self, agent: str, what: str, handler: Callable[[Any, Context], None]
    ) -> Callable[[Any, Context], None]:
        """The handler, shown as current work while it runs and counted after."""

        def counting(message: Any, ctx: Context) -> None:
            with self.busy(agent, what):
                handler(message, ctx)

        return counting

    def current(self, agent: str) -> tuple[str, ...]:
        with self._lock:
            return tuple(self._current.get(agent, ()))

    def flush(self) -> None:
        """Add what was counted to the journal; raises what the journal raises, and loses nothing."""
        with self._lock:
            counts, self._counts = self._counts, {}
        try:
            while counts:
                agent, count = next(iter(counts.items()))
                self.journal.count(agent, handled=count.handled, failed=count.failed, error=count.error)
                del counts[agent]
        finally:
            self._put_back(counts)

    def _put_back(self, counts: dict[str, Counts]) -> None:
        """Keep for the next flush what could not be written in this one."""
        with self._lock:
            for agent, count in counts.items():
                newer = self._counts.setdefault(agent, Counts())
                newer.handled += count.handled
                newer.failed += count.failed
                newer.error = newer.error or count.error
