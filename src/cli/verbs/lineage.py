"""``learn model`` and ``learn board``: what a model was made from, what it reached, and its way."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from src.cli import exits
from src.cli.collections import id_of
from src.cli.connection import connect
from src.cli.main import Invocation
from src.cli.output import console, print_json, printable

from .trials import show_model

_VERSIONS = 20


def run(invocation: Invocation) -> int:
    """Print one model, or the newest versions of a collection with what each was measured at."""
    arguments = invocation.arguments
    with connect(invocation) as client:
        if arguments.action == "model":
            ids = [arguments.id]
        else:
            collection_id = id_of(client, arguments.collection)
            listed = client.get("/models", collection_id=collection_id, role="ranking", limit=_VERSIONS)
            ids = [one["id"] for one in listed["items"]]
        found = [client.get(f"/models/{quote(id_, safe='')}") for id_ in ids]
    if arguments.action == "model":
        if arguments.json:
            print_json(found[0])
        else:
            _show(found[0])
        return exits.OK
    measured = [one for one in found if one["evaluations"]]
    if arguments.json:
        print_json(measured)
        return exits.OK
    if not measured:
        console().print("Nothing was measured yet.")
    for one in measured:
        show_model(one, why=False)
        _show_evaluations(one)
    return exits.OK


def _show(one: dict[str, Any]) -> None:
    out = console()
    show_model(one)
    if summary := one["card"].get("summary"):
        out.print(f"     {printable(summary)}")
    for name, key in (("made from", "parent_id"), ("trained by", "run_id"), ("artefact", "artefact")):
        if one[key]:
            out.print(f"     {name} {one[key]}", style="dim")
    if one["votes_gone"]:
        out.print(f"     {one['votes_gone']} of the votes that it learned from are gone.", style="yellow")
    _show_evaluations(one)
    for change in one["changes"]:
        before = f"{change['before']} to " if change["before"] else ""
        by = printable(change["decided_by"])
        out.print(f"     {change['at'][:19]}Z  {before}{change['after']} by {by}: ", end="")
        out.print(printable(change["reason"]))


def _show_evaluations(one: dict[str, Any]) -> None:
    """The latest of each set."""
    for found in {found["name"]: found for found in one["evaluations"]}.values():
        outcome = {None: "too few", True: "passed", False: "failed"}[found["passed"]]
        said = found["figures"].get("sentence") or f"{found['name']}: {found['questions']} questions"
        style = {True: "green", False: "red"}.get(found["passed"], "dim")
        console().print(f"     {outcome:8} {printable(said)}", style=style)
