"""``check`` and ``reindex``: the indexes against the database."""

from __future__ import annotations

from typing import Any

from src.cli import exits
from src.cli.client import Client
from src.cli.collections import id_of
from src.cli.connection import connect
from src.cli.jobs import follow_job
from src.cli.main import Invocation
from src.cli.output import console, print_json, printable

_COUNTS = ("missing_vectors", "missing_entries", "stray_vectors", "stray_entries")


def run(invocation: Invocation) -> int:
    """Check: 0 where all is sound, else 1. Reindex: 0 where the rebuild succeeded."""
    arguments = invocation.arguments
    with connect(invocation, work=arguments.action == "reindex") as client:
        body = {"collection_id": id_of(client, arguments.collection)} if arguments.collection else {}
        if arguments.action == "check":
            return _check(client, body, as_json=arguments.json)
        return _reindex(client, body, as_json=arguments.json)


def _check(client: Client, body: dict[str, Any], *, as_json: bool) -> int:
    report = client.post("/indexes:check", body)
    if as_json:
        print_json(report)
    else:
        _show(report)
    return exits.OK if report["sound"] else exits.FAILED


def _show(report: dict[str, Any]) -> None:
    out = console()
    for one in report["collections"]:
        wrong = [f"{one[key]} {key.replace('_', ' ')}" for key in _COUNTS if one[key]]
        if one["outdated"]:
            wrong.append("made by another embedding version")
        told = ", ".join(wrong) or ("sound" if one["sound"] else "not sound")
        out.print(f"{printable(one['collection'])}: {one['passages']} passages, {told}")
    for key in ("orphans", "missing_blobs"):
        if report[key]:
            out.print(f"{len(report[key])} {key.replace('_', ' ')}: {', '.join(report[key][:5])}")
    if not report["sound"]:
        console(error=True).print("Rebuild with: python run.py reindex", style="yellow")


def _reindex(client: Client, body: dict[str, Any], *, as_json: bool) -> int:
    queued = client.post("/indexes:rebuild", body)
    job = follow_job(client, queued["job_id"], "Rebuilding")
    if as_json:
        print_json(job)
    return exits.OK if job["state"] == "succeeded" else exits.FAILED
