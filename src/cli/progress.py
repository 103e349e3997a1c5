"""The progress of jobs: a bar on a terminal, a line every few seconds elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from .output import console, printable

_EVERY_S = 5.0


def follow(states: Iterable[dict[str, Any]], title: str) -> dict[str, Any]:
    """Show a job's states, as the API gives them, until they end; returns the last."""
    if console(error=True).is_terminal:
        return _bar(states, title)
    return _lines(states, title)


def _lines(states: Iterable[dict[str, Any]], title: str) -> dict[str, Any]:
    out = console(error=True)
    shown, told = float("-inf"), ""
    last: dict[str, Any] = {}
    for last in states:
        if time.monotonic() - shown >= _EVERY_S:
            shown, told = time.monotonic(), _told(last)
            out.print(f"{title}: {told}")
    if last and _told(last) != told:
        out.print(f"{title}: {_told(last)}")
    return last


def _bar(states: Iterable[dict[str, Any]], title: str) -> dict[str, Any]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}", style="dim", markup=False),
    )
    last: dict[str, Any] = {}
    with Progress(*columns, console=console(error=True), transient=True) as progress:
        task = progress.add_task(printable(title), total=None, note="")
        for last in states:
            progress.update(
                task,
                completed=last["done"],
                total=last["total"],
                note=" · ".join(part for part in (_stage(last), _pace(last)) if part),
            )
    if last:
        console(error=True).print(f"{title}: {_told(last)}")
    return last


def _told(job: dict[str, Any]) -> str:
    done = f"{job['done']} of {job['total']}" if job["total"] is not None else str(job["done"] or "")
    if job["state"] in {"succeeded", "cancelled"}:
        return f"{job['state']}, {done} done" if done else str(job["state"])
    if job["state"] == "failed":
        return f"failed: {printable((job['error'] or {}).get('detail', 'the log tells why'))}"
    if job["state"] == "queued" and job["error"]:
        return f"waiting to be tried again: {printable(job['error']['detail'])}"
    return ", ".join(part for part in (_stage(job), done, _pace(job)) if part)


def _stage(job: dict[str, Any]) -> str:
    note = "stuck: " if job.get("stuck") else ""
    return note + printable(job["stage"] or job["state"])


def _pace(job: dict[str, Any]) -> str:
    parts = []
    if job["rate_per_s"]:
        parts.append(f"{job['rate_per_s']:.1f}/s")
    if job["eta_s"] is not None:
        minutes, seconds = divmod(round(job["eta_s"]), 60)
        parts.append(f"{minutes} min {seconds} s left" if minutes else f"{seconds} s left")
    return ", ".join(parts)
