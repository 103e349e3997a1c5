"""The progress of the parts of a simulation, shown as that of a job is."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from src.cli.progress import follow

T = TypeVar("T")


def tracked(results: Iterable[T], title: str, *, total: int, before: int = 0, step: int = 1) -> list[T]:
    """The results, with how many of ``total`` are there shown meanwhile; ``before`` were there already, and
    each counts as ``step``."""
    collected: list[T] = []

    def states() -> Iterator[dict[str, Any]]:
        started = time.monotonic()
        done = before
        for result in results:
            collected.append(result)
            done = min(total, before + step * len(collected))
            rate = (done - before) / max(1e-6, time.monotonic() - started)
            yield _state("running", done, total, rate, (total - done) / rate if rate else None)
        yield _state("succeeded", done, total, None, None)

    follow(states(), title)
    return collected


def _state(state: str, done: int, total: int, rate: float | None, left_s: float | None) -> dict[str, Any]:
    return {
        "state": state,
        "stage": None,
        "done": done,
        "total": total,
        "rate_per_s": rate,
        "eta_s": left_s,
        "error": None,
    }
