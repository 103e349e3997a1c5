"""``learn indexes``: what a collection is indexed with, switching to another index, and back."""

from __future__ import annotations

from typing import Any

from src.cli import exits
from src.cli.client import Client
from src.cli.collections import id_of
from src.cli.connection import connect
from src.cli.jobs import follow_job
from src.cli.main import Invocation
from src.cli.output import console, print_json, printable

_TOLD = 20
_STATES = {"live": "green", "standby": "cyan", "building": "yellow"}


def run(invocation: Invocation) -> int:
    """Print the indexes of a collection, after what was asked for; 0 unless a build failed."""
    arguments = invocation.arguments
    with connect(invocation, work=arguments.build is not None) as client:
        address = f"/collections/{id_of(client, arguments.collection)}/indexes"
        sound = True
        if arguments.build is not None:
            sound = _build(client, id_of(client, arguments.collection), arguments.build)
        elif arguments.back or arguments.switch is not None:
            body = {"index_id": arguments.switch} if arguments.switch is not None else {}
            client.post(f"{address}:return", body)
        found = client.get(address)
        uncut = {} if arguments.json else _uncut(client, found)
    if arguments.json:
        print_json(found)
    else:
        _show(found, uncut)
    return exits.OK if sound else exits.FAILED


def _build(client: Client, collection_id: str, version: str) -> bool:
    body = {"collection_id": collection_id, "embedding_version": version}
    job = follow_job(client, client.post("/indexes:rebuild", body)["job_id"], "Building")
    return bool(job["state"] == "succeeded")


def _uncut(client: Client, found: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """By way to cut, the first of the documents that cannot be cut so."""
    address = f"/collections/{found['collection_id']}/uncut"
    chunkers = {index["chunker"] for index in found["indexes"] if index["uncut"]}
    return {name: client.get(address, chunker=name, limit=_TOLD)["items"] for name in sorted(chunkers)}


def _show(found: dict[str, Any], uncut: dict[str, list[dict[str, Any]]]) -> None:
    out = console()
    for index in found["indexes"]:
        out.print(index["id"], style="bold", end="")
        out.print("  ", end="")
        out.print(index["state"], style=_STATES.get(index["state"], "dim"), end="")
        held = "its files are missing" if index["passages"] is None else index["passages"]
        since = (index["switched_at"] or index["created_at"])[:19]
        out.print(f"  {held} of {index['expected']} passages, {_cut(index)}  since {since}Z")
        tuned = ", tuned" if index["tuned"] else ""
        out.print(f"     {printable(index['model'])}{tuned}: {index['embedding_version']}", style="dim")
        for one in uncut.get(index["chunker"], ()):
            out.print(f"     {printable(one['external_id'])}: {printable(one['detail'])}")
    if not found["indexes"]:
        out.print("There is no index yet.")
    others = found["cut_otherwise"]
    out.print(f"Documents are cut by {found['cutting']}; {others or 'none'} as it was set before.")
    if found["wanted"] != found["configured"]:
        out.print(f"The configured model is {found['configured']}.")


def _cut(index: dict[str, Any]) -> str:
    """How documents are cut into the passages of an index."""
    how = "cut as configured" if index["chunker"] == "configured" else f"cut to {index['chunker']}"
    uncut = index["uncut"]
    return f"{how} ({uncut} documents could not be)" if uncut else how
