"""``learn loop``: where the loop of each collection stands, from the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from src.cli import exits
from src.cli.collections import id_of
from src.cli.connection import connect
from src.cli.main import Invocation
from src.cli.output import console, print_json, printable

_COMPARED = {
    "trial": "a candidate is tried",
    "watch": "the promoted model is watched",
    "aa": "the comparison itself is tested",
}


def run(invocation: Invocation) -> int:
    """Print the steps of each loop, in the order in which one leads to the next."""
    arguments = invocation.arguments
    with connect(invocation) as client:
        given = arguments.collection
        collection_id = id_of(client, given) if given is not None else None
        found = list(client.items("/learning", collection_id=collection_id, limit=200))
    if arguments.json:
        print_json(found)
        return exits.OK
    out = console()
    if not found:
        out.print("There are no collections.")
    for one in found:
        out.print(printable(one["collection"]), style="bold", end="")
        out.print(f"  {one['collection_id']}", style="dim")
        for step, said, waits in _steps(one):
            out.print(f"     {step:9} {printable(said)}", style="yellow" if waits else "")
    return exits.OK


def _steps(one: dict[str, Any]) -> Iterator[tuple[str, str, bool]]:
    """Each step with what it says, and whether it waits for a person."""
    votes, models = one["votes"], one["models"]
    held = f", {votes['held']} held until somebody looks at them" if votes["held"] else ""
    yield "ratings", f"{votes['up']} up, {votes['down']} down{held}", bool(held)
    yield "memory", f"{votes['questions']} questions", False
    gone = f"; {one['votes_gone']} that the live model learned from are gone" if one["votes_gone"] else ""
    state = one["run_state"] or "not yet"
    yield "training", f"{state}, {one['votes_since_run']} up-votes since{gone}", False
    counts = ", ".join(f"{count} {name}" for name, count in sorted(models.items())) or "no models"
    yield "gate", counts, False
    yield "trial", _trial(one), False
    live = f"version {one['live_version']} ({one['live_id']})" if one["live_id"] else "the default"
    yield "live", live, False


def _trial(one: dict[str, Any]) -> str:
    if one["experiment_id"] is None:
        return "none"
    look = f", looked at when {one['experiment_look']} of them count" if one["experiment_look"] else ""
    paused = "; paused" if one["experiment_paused"] else ""
    what = _COMPARED.get(one["experiment_purpose"], "running")
    return f"{what}, {one['experiment_votes']} up-votes{look}{paused} ({one['experiment_id']})"
