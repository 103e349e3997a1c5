"""Periodic work on real leases: what is done next, by whom, and what a slow chore holds up."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import pytest

from src.core.caller import Caller
from src.core.chores import Chore, ChoreRunner
from src.core.context import Context
from src.core.steering import Steering
from src.core.tally import Tally
from src.database.journal import SqlAgentJournal, SqlLeases
from tests.support.workshop import Workshop

MINUTE = 60.0


class Farm:
    """Chores that write down that they were done."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop
        self.done: list[str] = []
        self.told: dict[str, str] = {}
        self.tally = Tally(SqlAgentJournal(workshop.database))

    def chore(self, name: str, seconds: float = MINUTE, call: Callable[[], object] | None = None) -> Chore:
        def do(ctx: Context) -> None:
            self.done.append(name)
            if call is not None:
                call()

        return Chore(name, "farmer", seconds, do)

    def runner(self, *chores: Chore) -> ChoreRunner:
        """As one process has it."""
        orchestrator, clock = self._workshop.orchestrator, self._workshop.clock
        return ChoreRunner(
            chores,
            SqlLeases(self._workshop.database),
            lambda agent: orchestrator.context(Caller.agent(agent)),
            steering=Steering(lambda: self.told, clock),
            tally=self.tally,
            clock=clock,
        )

    def after(self, seconds: float, runner: ChoreRunner) -> list[str]:
        """What one thread does when the time has gone on."""
        self._workshop.clock.seconds += seconds
        self.done.clear()
        while runner.run_once():
            pass
        return self.done


@pytest.fixture
def farm(workshop: Workshop) -> Farm:
    return Farm(workshop)


def test_chores_are_done_at_once_and_then_each_at_its_interval(farm: Farm) -> None:
    runner = farm.runner(farm.chore("milk"), farm.chore("plough", 3 * MINUTE))
    assert farm.after(0, runner) == ["milk", "plough"]
    assert farm.after(MINUTE - 1, runner) == []
    assert farm.after(1, runner) == ["milk"]
    assert sorted(farm.after(2 * MINUTE, runner)) == ["milk", "plough"]


def test_a_slow_chore_holds_up_no_other_and_is_not_done_twice_at_once(farm: Farm) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def slow() -> None:
        begun.set()
        assert may_end.wait(20)

    runner = farm.runner(farm.chore("harvest", MINUTE, slow), farm.chore("milk"))
    thread = threading.Thread(target=runner.run_once)
    thread.start()
    assert begun.wait(20)
    assert farm.after(0, runner) == ["milk"]
    assert farm.after(MINUTE, runner) == ["milk"]
    assert farm.after(MINUTE, runner) == ["milk"]
    may_end.set()
    thread.join(20)
    assert farm.after(0, runner) == ["harvest"]


def test_a_chore_that_outlasts_its_interval_is_begun_by_no_other_process(farm: Farm) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def slow() -> None:
        begun.set()
        assert may_end.wait(20)

    here, there = farm.runner(farm.chore("harvest", MINUTE, slow)), farm.runner(farm.chore("harvest"))
    thread = threading.Thread(target=here.run_once)
    thread.start()
    assert begun.wait(20)
    for _ in range(9):
        assert farm.after(MINUTE / 3, there) == []
        here.renew()
    may_end.set()
    thread.join(20)
    here.renew()
    assert farm.after(MINUTE, there) == ["harvest"]


def test_what_is_overdue_longest_is_done_first(farm: Farm) -> None:
    runner = farm.runner(farm.chore("milk"), farm.chore("feed", MINUTE / 2))
    assert farm.after(0, runner) == ["milk", "feed"]
    assert farm.after(2 * MINUTE, runner) == ["feed", "milk"]


def test_a_chore_that_fails_is_told_of_and_tried_again(farm: Farm, caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise RuntimeError("the plough broke")

    runner = farm.runner(farm.chore("plough", MINUTE, fail), farm.chore("milk"))
    with caplog.at_level(logging.ERROR, logger="stoa.worker"):
        assert farm.after(0, runner) == ["plough", "milk"]
    assert "plough failed; it is tried again in 60 s" in caplog.text
    assert "the plough broke" in caplog.text
    assert farm.after(MINUTE, runner) == ["plough", "milk"]


def test_two_processes_do_a_chore_once(farm: Farm) -> None:
    here, there = (farm.runner(farm.chore("milk")) for _ in range(2))
    assert farm.after(0, here) == ["milk"]
    assert farm.after(0, there) == []
    assert farm.after(MINUTE, here) == ["milk"]
    assert farm.after(0, there) == []


def test_the_chores_of_a_paused_agent_wait(farm: Farm) -> None:
    runner = farm.runner(farm.chore("milk"))
    farm.told["farmer"] = "paused"
    assert farm.after(0, runner) == []
    farm.told.clear()
    assert farm.after(2, runner) == ["milk"]


def test_many_threads_do_each_chore_once(farm: Farm) -> None:
    names = [f"chore-{number}" for number in range(20)]
    runner = farm.runner(*map(farm.chore, names))

    def work() -> None:
        while runner.run_once():
            pass

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(farm.done) == sorted(names)
