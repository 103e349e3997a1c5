"""Opens units of work on the database."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from src.core.clock import Clock
from src.core.context import Context, DeliveryFence
from src.core.errors import ConflictError, WiringError
from src.core.signals import Signal

from .engine import RELAXED, WRITES, make_engine
from .units import SharedTransaction, UnitOfWork
from .work import Work

log = logging.getLogger("stoa.database")

__all__ = ["Database", "SharedTransaction", "UnitOfWork", "Work"]


class Database:
    """Opens sessions. ``outbox`` and ``jobs`` are raised after commits that hold events or jobs."""

    def __init__(self, url: str, clock: Clock) -> None:
        self.engine: Engine = make_engine(url)
        self._writers = {
            relaxed: self.engine.execution_options(**{WRITES: True, RELAXED: relaxed})
            for relaxed in (False, True)
        }
        self.clock = clock
        self.outbox = Signal()
        self.jobs = Signal()
        # SQLite has one writer; waiting for it in line is fair, where its own busy handler sleeps.
        self._writer = threading.Lock() if self.dialect == "sqlite" else None
        self._writing: int | None = None
        self._local = threading.local()

    @property
    def dialect(self) -> str:
        return self.engine.dialect.name

    @contextmanager
    def read(self) -> Iterator[Work]:
        """A session to read with, on one snapshot; it never writes. Records outlive it, detached."""
        shared = self._shared
        if shared is not None:
            # The handlers of a batch read what those before them wrote.
            within = Work(shared.connection, autoflush=False, joins="rollback_only")
            try:
                yield within
            finally:
                within.close()
            return
        with self.engine.connect() as connection:
            work = Work(connection, autoflush=False)
            try:
                yield work
            finally:
                work.close()

    @contextmanager
    def begin(self, ctx: Context | None = None, *, relaxed: bool = False) -> Iterator[UnitOfWork]:
        """A unit of work. ``relaxed`` is for records whose loss at a power cut harms nobody; what a
        handler of a repeatable delivery writes is one of them, since it is then done again."""
        if self._shared is not None:
            with self._shared.unit(ctx) as within:
                yield within
            return
        fence = ctx.fence if ctx else None
        relaxed = relaxed or (isinstance(fence, DeliveryFence) and fence.repeatable)
        with self._exclusive(), self._writers[relaxed].connect() as connection:
            work = UnitOfWork(connection, ctx, self.clock)
            try:
                yield work
            except IntegrityError as error:
                if fence is not None:
                    raise  # a delivery or a job is tried again, and then finds what the other one wrote
                raise _conflict(error) from error
            finally:
                work.close()
        if work.published:
            self.outbox.notify()
        if work.enqueued:
            self.jobs.notify()

    @contextmanager
    def together(self, *, relaxed: bool) -> Iterator[SharedTransaction]:
        """One transaction for all units of work that this thread begins meanwhile."""
        with self._exclusive(), self._writers[relaxed].connect() as connection:
            shared = self._local.shared = SharedTransaction(connection, self.clock)
            try:
                yield shared
            finally:
                self._local.shared = None
        if shared.published:
            self.outbox.notify()
        if shared.enqueued:
            self.jobs.notify()

    @property
    def _shared(self) -> SharedTransaction | None:
        return getattr(self._local, "shared", None)

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        if self._writer is None:
            yield
            return
        if self._writing == threading.get_ident():
            raise WiringError("a unit of work was begun inside another one")
        with self._writer:
            self._writing = threading.get_ident()
            try:
                yield
            finally:
                self._writing = None

    def close(self) -> None:
        self.engine.dispose()


def _conflict(error: IntegrityError) -> ConflictError:
    log.warning("two transactions met: %s", error.orig)
    return ConflictError("Somebody else changed the same thing at the same moment. Look again, then repeat.")
