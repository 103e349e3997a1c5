"""``learn replay``: what another model would show for a question, beside what is shown now."""

from __future__ import annotations

from typing import Any

from src.cli import exits
from src.cli.client import Client
from src.cli.collections import id_of
from src.cli.connection import connect
from src.cli.main import Invocation
from src.cli.output import console, place, print_json, printable
from src.core.errors import NotFoundError

_SHOWN = 10


def run(invocation: Invocation) -> int:
    """Print the other model's list, and where the live one has each passage. Nothing of it is recorded."""
    arguments = invocation.arguments
    with connect(invocation) as client:
        collection_id = id_of(client, arguments.collection)
        models = list(client.items("/models", collection_id=collection_id, role="ranking", limit=500))
        live = next((one for one in models if one["state"] == "live"), None)
        tried = _tried(models, arguments.model)
        now = _searched(client, collection_id, arguments.question, live["id"] if live else None)
        then = _searched(client, collection_id, arguments.question, tried["id"])
    if arguments.json:
        print_json({"live": live, "tried": tried, "now": now["hits"], "then": then["hits"]})
    else:
        _show(live, tried, now["hits"], then["hits"])
    return exits.OK


def _tried(models: list[dict[str, Any]], wanted: str | None) -> dict[str, Any]:
    """The model that was named; unnamed, the newest that does not rank already."""
    found = [one for one in models if (one["id"] == wanted if wanted else one["state"] != "live")]
    if not found:
        raise NotFoundError(
            f"There is no model {wanted} that ranks in this collection."
            if wanted
            else "This collection has no model beside the one that ranks: there is nothing to compare."
        )
    return found[0]


def _searched(client: Client, collection_id: str, question: str, model_id: str | None) -> Any:
    body = {"query": question, "collection_ids": [collection_id], "k": _SHOWN, "model_id": model_id}
    return client.post("/search", {name: value for name, value in body.items() if value is not None})


def _show(
    live: dict[str, Any] | None,
    tried: dict[str, Any],
    now: list[dict[str, Any]],
    then: list[dict[str, Any]],
) -> None:
    out = console()
    ranks = {hit["passage_id"]: hit["rank"] for hit in now}
    shown = f"version {live['version']}" if live else "the default"
    out.print(f"Version {tried['version']} ({tried['state']}) would show, and now {shown} shows:")
    for hit in then:
        rank = ranks.pop(hit["passage_id"], None)
        moved = "not shown now" if rank is None else "same rank" if rank == hit["rank"] else f"now {rank}."
        where = place(hit["location"], hit["title"] or hit["external_id"])
        out.print(f"{hit['rank']:3}. {printable(where)}", style="bold", end="")
        out.print(f"  ({hit['score']:.3f}, {moved})", style="dim")
    for hit in now:
        if hit["passage_id"] in ranks:
            where = place(hit["location"], hit["title"] or hit["external_id"])
            out.print(f"  -. {printable(where)}", end="")
            out.print(f"  (now {hit['rank']}., not shown then)", style="dim")
