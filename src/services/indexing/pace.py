"""Work beside searches leaves them a part of the time."""

from __future__ import annotations

import time

from src.core.jobs import JobRun

_NAP_S = 0.5


def rest(worked_s: float, share: float, run: JobRun) -> None:
    """Sleep so long that ``worked_s`` is ``share`` of the time, unless the job is to end."""
    left = worked_s * (1 / share - 1)
    while left > 0:
        time.sleep(min(left, _NAP_S))
        left -= _NAP_S
        run.check()
