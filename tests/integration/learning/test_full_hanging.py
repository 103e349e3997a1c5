"""A run whose training process hangs is cancelled as any other."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from src.core.jobs import JobCancelledError, JobRun
from src.core.messages.console import SteerAgent, Steering
from src.core.messages.jobs import CancelJob
from src.services.training.child import Tuner
from tests.support import trainings
from tests.support.application import House, make_settings, running
from tests.support.schooling import TOPICS, School


@pytest.fixture
def school(tmp_path: Path) -> Iterator[School]:
    with running(make_settings(tmp_path / "data", learning=False)) as application:
        school = School(House(application), topics=8)
        school.vote(TOPICS[:8])
        school.house.ask(SteerAgent(name="fine_tuner", steering=Steering.PAUSE))
        yield school


class Cancelled(JobRun):
    """A run that somebody cancels when its process has told of the first step."""

    school: School

    def progress(self, *, stage: str, done: int, total: int | None) -> None:
        super().progress(stage=stage, done=done, total=total)
        if stage == "tuning the model":
            self.school.house.ask(CancelJob(job_id=self.job.id))
            self.beat(30.0)


@pytest.mark.timeout(120)
def test_cancelling_ends_a_process_that_tells_nothing_any_more(school: School, tmp_path: Path) -> None:
    program = tmp_path / "hang.sh"
    program.write_text('#!/bin/sh\necho \'{"step": 1, "steps": 9, "loss": 1.0}\'\nexec sleep 600\n')
    program.chmod(0o755)
    attempts = trainings.Attempts(school, trainings.full_trainer(school, Tuner(python=str(program))))
    Cancelled.school = school
    began = time.monotonic()
    with pytest.raises(JobCancelledError):
        attempts.attempt(Cancelled)
    assert time.monotonic() - began < 60
