"""Waiting for a fit: it is one long computation that tells nothing of itself."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TypeVar

from src.core.jobs import JobRun

R = TypeVar("R")

EVERY_S = 2.0
LONGEST_S = 3600.0
"""A fit that takes longer is no longer said to move, and so is found to be stuck."""


def patiently(compute: Callable[[], R], run: JobRun, *, stage: str) -> R:
    """Compute beside the job, which keeps saying that it moves and can be cancelled meanwhile; what a
    cancelled job has begun to compute is left to end by itself and its result dropped."""
    result: Future[R] = Future()
    threading.Thread(target=_carry_out, args=(compute, result), name=stage, daemon=True).start()
    began = run.ctx.clock.monotonic()
    while not wait([result], timeout=EVERY_S).done:
        run.check()
        if run.ctx.clock.monotonic() - began < LONGEST_S:
            run.progress(stage=stage, done=0, total=None)
    return result.result()


def _carry_out(compute: Callable[[], R], result: Future[R]) -> None:
    try:
        result.set_result(compute())
    except BaseException as error:  # noqa: BLE001 - it is raised where the result is asked for
        result.set_exception(error)
