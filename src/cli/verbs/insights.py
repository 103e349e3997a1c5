"""``learn insights`` and ``learn outcomes``: what goes wrong, and what became of one's ratings."""

from __future__ import annotations

from typing import Any

from src.cli import exits
from src.cli.client import Client
from src.cli.collections import id_of
from src.cli.connection import connect
from src.cli.jobs import follow_job
from src.cli.main import Invocation
from src.cli.output import console, print_json, printable

_TRENDS = {"rising": "more than before", "falling": "fewer than before", "steady": "about as many as before"}


def run(invocation: Invocation) -> int:
    """Print the list; 1 where an analysis was asked for and failed."""
    arguments = invocation.arguments
    if arguments.action == "outcomes":
        with connect(invocation) as client:
            found = list(client.items("/me/ratings", limit=500))
        _print(found, arguments, _show_outcomes)
        return exits.OK
    with connect(invocation, work=arguments.refresh) as client:
        given = arguments.collection
        collection_id = id_of(client, given) if given is not None else None
        if arguments.refresh and not _refreshed(client, collection_id):
            return exits.FAILED
        found = list(client.items("/insights", collection_id=collection_id))
    _print(found, arguments, _show_insights)
    return exits.OK


def _refreshed(client: Client, collection_id: str | None) -> bool:
    job_id = client.post("/insights:refresh", {"collection_id": collection_id})["job_id"]
    return bool(follow_job(client, job_id, "Looking at failing questions")["state"] == "succeeded")


def _print(found: list[dict[str, Any]], arguments: Any, show: Any) -> None:
    if arguments.json:
        print_json(found)
    else:
        show(found)


def _show_insights(found: list[dict[str, Any]]) -> None:
    out = console()
    if not found:
        out.print("Nothing failed that is known of.")
    for one in found:
        out.print(printable(one["title"]), style="bold", end="")
        since = _TRENDS.get(one["trend"])
        compared = f"{since} ({one['before']})" if since else f"{one['before']} before"
        out.print(f"  {one['size']} in {one['period_days']} days, {compared}", style="dim")
        out.print(f"     {one['cause'].replace('_', ' ')}: {printable(one['evidence'])}")
        out.print(f"     {printable(one['proposal'])}", style="green")
        for example in one["examples"]:
            if example["question"] != one["title"]:
                out.print(f"     - {printable(example['question'])}", style="dim")


def _show_outcomes(found: list[dict[str, Any]]) -> None:
    out = console()
    if not found:
        out.print("You have rated nothing yet.")
    for one in found:
        rating = one["rating"]
        out.print(printable(rating["question"]), style="bold", end="")
        out.print(f"  {rating['verdict']} on the {rating['kind']}, {rating['updated_at'][:10]}", style="dim")
        for sentence in one["told"]:
            out.print(f"     {printable(sentence)}")
