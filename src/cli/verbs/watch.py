"""The progress of the first ingestion, in the terminal of the server that does it."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from src.cli.progress import follow
from src.core.caller import Caller
from src.core.jobs import JobState
from src.core.messages.collections import GetCollection
from src.core.messages.jobs import GetJob, Job, ListJobs

if TYPE_CHECKING:
    from src.bootstrap import Application

log = logging.getLogger(__name__)

_ENDED = frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED})


def watch_first_jobs(application: Application) -> None:
    """Show each job that waits or runs at the start, one after the other, until all have ended."""
    orchestrator = application.orchestrator
    ctx = orchestrator.context(Caller.agent("terminal"))
    try:
        newest_first = orchestrator.ask(ListJobs(), ctx).items
        for job in reversed([job for job in newest_first if job.state not in _ENDED]):
            follow(_states(application, job), _title(application, job))
    except Exception:
        log.exception("the progress can no longer be shown; the work goes on")


def _title(application: Application, job: Job) -> str:
    """The name of the job's collection, or what kind of job it is."""
    if job.collection_id is None:
        return job.kind.capitalize()
    orchestrator = application.orchestrator
    ctx = orchestrator.context(Caller.agent("terminal"))
    return orchestrator.ask(GetCollection(collection_id=job.collection_id), ctx).name


def _states(application: Application, job: Job) -> Iterator[dict[str, Any]]:
    """The job's states as the API gives them, each when something has changed."""
    orchestrator, changes = application.orchestrator, application.signals.jobs
    while True:
        yield job.model_dump(mode="json")
        if job.state in _ENDED:
            return
        changes.wait_past(changes.level, 1.0)
        time.sleep(0.2)
        job = orchestrator.ask(GetJob(job_id=job.id), orchestrator.context(Caller.agent("terminal")))
