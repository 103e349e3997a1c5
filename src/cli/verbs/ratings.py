"""``learn ratings`` and what is decided on them: what readers said, from the terminal."""

from __future__ import annotations

from typing import Any

from src.cli import exits
from src.cli.client import Client
from src.cli.collections import id_of
from src.cli.connection import connect
from src.cli.main import Invocation
from src.cli.output import console, print_json, printable

_AT_ONCE = 1000


def run(invocation: Invocation) -> int:
    """List ratings, newest first, or release or discard those that are named (or all that are held)."""
    arguments = invocation.arguments
    with connect(invocation, work=arguments.action != "ratings") as client:
        if arguments.action == "ratings":
            ratings = list(_listed(client, arguments))
            if arguments.json:
                print_json(ratings)
            else:
                _show(ratings)
            return exits.OK
        changed = _decide(client, arguments)
    if arguments.json:
        print_json({"changed": changed})
    else:
        past = {"release": "released", "discard": "discarded"}[arguments.action]
        console().print(f"{changed} {'rating was' if changed == 1 else 'ratings were'} {past}.")
    return exits.OK


def _listed(client: Client, arguments: Any) -> Any:
    given = arguments.collection
    return client.items(
        "/feedback",
        state=arguments.state,
        verdict=arguments.verdict,
        kind=arguments.kind,
        collection_id=id_of(client, given) if given is not None else None,
        since=arguments.since,
        limit=500,
    )


def _decide(client: Client, arguments: Any) -> int:
    ids = arguments.id or [rating["id"] for rating in client.items("/feedback", state="held", limit=500)]
    changed = 0
    for start in range(0, len(ids), _AT_ONCE):
        body = {"rating_ids": ids[start : start + _AT_ONCE], "decision": arguments.action}
        changed += client.post("/feedback:review", body)["changed"]
    return changed


def _show(ratings: list[dict[str, Any]]) -> None:
    out = console()
    if not ratings:
        out.print("There are no ratings.")
    for rating in ratings:
        out.print(rating["id"], style="bold", end="")
        style = "green" if rating["verdict"] == "up" else "red"
        out.print(f"  {rating['verdict']:4}", style=style, end="")
        of = rating["kind"] + (f" at rank {rating['place']}" if rating["place"] else "")
        state = "" if rating["state"] == "counted" else f", {rating['state']}"
        stars = f", {rating['stars']} of 5 stars" if rating["stars"] else ""
        out.print(f" {rating['updated_at'][:19]}Z  {of} by {printable(rating['rated_by'])}{stars}{state}")
        out.print(f"     {printable(rating['question'])}")
        said = [*rating["reasons"], rating["comment"], rating["correction"], rating["held_reason"]]
        if words := "; ".join(printable(text) for text in said if text):
            out.print(f"     {words}", style="dim")
