"""A worker process that works off all jobs of a data folder, and may kill itself on the way.

It ends when no job is left; with a step and a number it sends itself SIGKILL when a job reaches that named
step for so many a time. The database is that of the data folder where no other is named.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

from src.bootstrap import build
from src.core.jobs import JobRun
from src.database.repositories.jobs import OPEN
from tests.support.application import House, cheap_passwords, make_settings, wait_for


def kill_at(step: str, nth: int) -> None:
    """Die when ``step`` is reached for the ``nth`` time, in whichever thread that is."""
    reached = JobRun.reached
    count = 0

    def reached_or_dead(run: JobRun, name: str) -> None:
        nonlocal count
        if name == step:
            count += 1
            if count == nth:
                os.kill(os.getpid(), signal.SIGKILL)
        reached(run, name)

    JobRun.reached = reached_or_dead  # type: ignore[method-assign, assignment]


def main(data_dir: Path, step: str = "", nth: str = "1", database_url: str = "") -> None:
    if step:
        kill_at(step, int(nth))
    # A busy machine may kill it often before it gets any further. The leases outlast the test: the next
    # worker takes at once what this one held.
    elsewhere = {"database_url": database_url} if database_url else {}
    settings = make_settings(
        data_dir,
        job_lease_s=3600.0,
        delivery_lease_s=3600.0,
        job_attempts=100,
        folder_roots=(data_dir.parents[1],),
        **elsewhere,
    )
    application = build(settings, passwords=cheap_passwords())
    application.start()
    house = House(application)
    print("started", flush=True)
    wait_for(lambda: at_rest(house), timeout_s=120)
    application.drain()
    application.close()


def at_rest(house: House) -> bool:
    """No job is open and no event waits."""
    from src.core.messages.console import ListAgents
    from src.core.messages.jobs import ListJobs

    jobs = house.ask(ListJobs(limit=500)).items
    agents = house.ask(ListAgents()).items
    return all(job.state not in OPEN for job in jobs) and all(agent.backlog == 0 for agent in agents)
