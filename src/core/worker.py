"""The threads that do background work in one process: relay, consumers, jobs and periodic tasks."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from functools import partial

from .bus import Broker
from .chores import ChoreRunner
from .clock import Clock
from .consumer import Consumer
from .jobs import JobRunner
from .relay import Relay
from .signals import Signal
from .steering import Steering
from .tally import Tally

log = logging.getLogger("stoa.worker")

IDLE_S = 0.5
UPKEEP_S = 2.0


class Worker:
    """Starts and drains the threads. Every loop survives the failure of what it calls: it logs, waits a
    moment and goes on, so that a database that is away for a while needs no restart."""

    def __init__(
        self,
        *,
        relay: Relay,
        broker: Broker,
        consumers: Sequence[Consumer],
        runner: JobRunner,
        job_kinds: dict[str, str],
        chores: ChoreRunner,
        steering: Steering,
        tally: Tally,
        outbox: Signal,
        jobs: Signal,
        clock: Clock,
        job_threads: int,
        chore_threads: int,
    ) -> None:
        self._relay = relay
        self._broker = broker
        self._consumers = consumers
        self._runner = runner
        self._job_kinds = job_kinds
        self._chores = chores
        self._steering = steering
        self._tally = tally
        self._outbox = outbox
        self._jobs = jobs
        self._clock = clock
        self._job_threads = job_threads
        self._chore_threads = chore_threads
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    @property
    def stopping(self) -> bool:
        return self._stop.is_set()

    def start(self, *, background: bool = True) -> None:
        """Start all threads; without ``background`` only those that every process needs."""
        self._spawn("upkeep", self._keep_up)
        # Every process relays what it commits; the broker is idempotent, so that two may do the same.
        self._spawn("relay", self._relay_events)
        if not background:
            return
        for consumer in self._consumers:
            self._spawn(f"events-{consumer.group}", partial(self._consume, consumer))
        for number in range(self._job_threads):
            self._spawn(f"jobs-{number}", self._run_jobs)
        for number in range(self._chore_threads):
            self._spawn(f"chores-{number}", self._do_chores)

    def drain(self, timeout_s: float) -> bool:
        """Stop taking work and wait for what was begun; True where everything ended in time."""
        self._stop.set()
        self._wake()
        deadline = self._clock.monotonic() + timeout_s
        for thread in self._threads:
            thread.join(max(0.0, deadline - self._clock.monotonic()))
        late = [thread.name for thread in self._threads if thread.is_alive()]
        if late:
            log.warning("still busy after %.0f s: %s", timeout_s, ", ".join(late))
        self._tally.flush()
        return not late

    def _wake(self) -> None:
        self._outbox.notify()
        self._jobs.notify()
        self._broker.wake()

    def _spawn(self, name: str, loop: Callable[[], None]) -> None:
        thread = threading.Thread(target=self._guarded, args=(name, loop), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _guarded(self, name: str, loop: Callable[[], None]) -> None:
        while not self._stop.is_set():
            try:
                loop()
            except Exception:
                log.exception("%s failed; going on in a second", name)
                self._stop.wait(1.0)

    def _keep_up(self) -> None:
        while not self._stop.wait(UPKEEP_S):
            self._chores.renew()
            self._tally.flush()

    def _relay_events(self) -> None:
        while not self._stop.is_set():
            level = self._outbox.level
            if self._relay.run_once() == 0 and not self._stop.is_set():
                self._outbox.wait_past(level, IDLE_S)

    def _consume(self, consumer: Consumer) -> None:
        while not self._stop.is_set():
            if self._steering.takes_work(consumer.group):
                consumer.run_once(wait_s=1.0)
            else:
                self._stop.wait(IDLE_S)

    def _run_jobs(self) -> None:
        while not self._stop.is_set():
            level = self._jobs.level
            kinds = [kind for kind, agent in self._job_kinds.items() if self._steering.takes_work(agent)]
            if not (kinds and self._runner.run_once(kinds)):
                self._jobs.wait_past(level, IDLE_S)

    def _do_chores(self) -> None:
        while not self._stop.is_set():
            if not self._chores.run_once():
                self._stop.wait(IDLE_S)
