"""Following a job of a server to its end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from .client import Client
from .exits import UnreachableError
from .progress import follow

_ENDED = frozenset({"succeeded", "failed", "cancelled"})
_PATIENCE_S = 60.0


def follow_job(client: Client, job_id: str, title: str) -> dict[str, Any]:
    """Show the job's progress until it has ended; returns its last state."""
    return follow(_states(client, job_id), title)


def _states(client: Client, job_id: str) -> Iterator[dict[str, Any]]:
    """The job's states, over as many streams as it takes: a server that restarts goes on with the job."""
    heard = time.monotonic()
    while True:
        try:
            for _, job in client.events("GET", f"/jobs/{job_id}:stream"):
                heard = time.monotonic()
                yield job
                if job["state"] in _ENDED:
                    return
        except UnreachableError:
            if time.monotonic() - heard > _PATIENCE_S:
                raise
        time.sleep(1.0)
