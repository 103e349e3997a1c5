"""A real application for a benchmark, and its administrator."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from pydantic import SecretStr

from src.bootstrap import Application, build
from src.core.caller import Caller
from src.core.jobs import JobState
from src.core.messages.accounts import SignIn
from src.core.messages.base import Request
from src.core.messages.jobs import GetJob, Job
from src.core.settings import Settings

R = TypeVar("R")

PASSWORD = SecretStr("a password for the bench")

OPEN = {JobState.QUEUED, JobState.RUNNING}


class BenchHouse:
    """Asks as an administrator."""

    def __init__(self, application: Application) -> None:
        self.application = application
        orchestrator = application.orchestrator
        user = orchestrator.ask(
            SignIn(username="admin", password=PASSWORD), orchestrator.context(Caller.anonymous())
        )
        self.caller = Caller(user_id=user.id, username=user.username, roles=frozenset(user.roles))

    def ask(self, request: Request[R]) -> R:
        orchestrator = self.application.orchestrator
        return orchestrator.ask(request, orchestrator.context(self.caller))

    def finish(self, job_id: str) -> Job:
        """Wait for the end of a job; to ask all the time would take a part of what is measured."""
        pause = 0.02
        while (job := self.ask(GetJob(job_id=job_id))).state in OPEN:
            time.sleep(pause)
            pause = min(2 * pause, 0.5)
        if job.state is not JobState.SUCCEEDED:
            raise RuntimeError(f"the job ended as {job.state}: {job.error}")
        return job


@contextmanager
def house(data_dir: Path, *, worker: bool = True, **values: object) -> Iterator[BenchHouse]:
    """A started application in ``data_dir``."""
    settings = Settings.model_validate(
        {
            "data_dir": data_dir,
            "port": 0,
            "sample": False,
            "llm": "extractive",
            "admin_password": PASSWORD,
        }
        | values
    )
    application = build(settings)
    application.start(worker=worker)
    try:
        yield BenchHouse(application)
    finally:
        application.drain()
        application.close()
