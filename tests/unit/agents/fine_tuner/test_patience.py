"""Waiting for a fit: the job keeps moving, can be cancelled, and gets the result or the error."""

from __future__ import annotations

import threading
from typing import Any, cast

import pytest

from src.agents.fine_tuner import patience
from src.core.clock import SystemClock
from src.core.jobs import JobCancelledError, JobRun


class Run:
    """What ``patiently`` needs of a job: a clock, a sign that it moves, and whether it is cancelled."""

    def __init__(self) -> None:
        self.ctx = self
        self.clock = SystemClock()
        self.moved = threading.Event()
        self.cancelled = False

    def check(self) -> None:
        if self.cancelled:
            raise JobCancelledError("job")

    def progress(self, **_: Any) -> None:
        self.moved.set()


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr(patience, "EVERY_S", 0.01)
    return Run()


def test_a_long_fit_is_seen_to_move_and_gives_its_result(run: Run) -> None:
    def fit() -> int:
        assert run.moved.wait(10)
        return 7

    assert patience.patiently(fit, cast(JobRun, run), stage="fitting") == 7


def test_an_error_of_the_fit_is_the_jobs(run: Run) -> None:
    def fit() -> int:
        raise ArithmeticError("singular")

    with pytest.raises(ArithmeticError, match="singular"):
        patience.patiently(fit, cast(JobRun, run), stage="fitting")


def test_a_cancelled_job_does_not_wait_for_its_fit(run: Run) -> None:
    release = threading.Event()
    run.cancelled = True
    with pytest.raises(JobCancelledError):
        patience.patiently(lambda: release.wait(30), cast(JobRun, run), stage="fitting")
    release.set()
