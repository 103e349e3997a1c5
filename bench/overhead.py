"""What the orchestrator adds to a request."""

from __future__ import annotations

import statistics
from typing import Any

from src.core.messages.accounts import ListUsers
from src.core.messages.base import Request
from src.core.messages.collections import CreateCollection, GetCollection

from .house import BenchHouse, house
from .table import Row, Table, scratch, timed_ms

ROUNDS = 500


def run() -> Table:
    """The same handlers, called through the orchestrator and called directly, taking turns."""
    with scratch() as data_dir, house(data_dir) as bench:
        collection = bench.ask(CreateCollection(name="overhead")).id
        rows = (
            _row(bench, "listing the users", ListUsers()),
            _row(
                bench,
                "showing a collection (with its permission checked)",
                GetCollection(collection_id=collection),
            ),
        )
    return Table(
        "Orchestrator",
        "Routing, permission, deadline, log and the durable record of the activity.",
        rows,
    )


def _row(bench: BenchHouse, name: str, request: Request[Any]) -> Row:
    orchestrator = bench.application.orchestrator
    (route,) = (route for route in orchestrator.routes if route.request is type(request))
    ctx = orchestrator.context(bench.caller)
    through, direct = [], []
    for _ in range(ROUNDS):
        through.append(timed_ms(lambda: bench.ask(request)))
        direct.append(timed_ms(lambda: route.call(request, ctx)))
    asked, called = statistics.median(through), statistics.median(direct)
    return Row(
        name,
        f"{asked:.2f} ms, of which the orchestrator {asked - called:.2f} ms",
        f"the handler alone: {called:.2f} ms",
        asked / called,
    )
