"""``search``: ranked passages in the terminal."""

from __future__ import annotations

from typing import Any

from src.cli import exits
from src.cli.collections import ids_of
from src.cli.connection import connect
from src.cli.main import Invocation
from src.cli.output import console, place, print_json, printable

_LINES = 6


def run(invocation: Invocation) -> int:
    """Print what was found, best first; that nothing was found is not a failure."""
    arguments = invocation.arguments
    with connect(invocation) as client:
        body: dict[str, Any] = {
            "query": arguments.query,
            "collection_ids": ids_of(client, arguments.collection),
        }
        if arguments.k is not None:
            body["k"] = arguments.k
        if arguments.path:
            body["filters"] = {"path": arguments.path}
        found = client.post("/search", body)
    if arguments.json:
        print_json(found)
    else:
        _show(found)
    return exits.OK


def _show(found: dict[str, Any]) -> None:
    out = console()
    if not found["hits"]:
        out.print("Nothing was found.")
    for hit in found["hits"]:
        where = place(hit["location"], hit["title"] or hit["external_id"])
        out.print(f"{hit['rank']:3}. {printable(where)}", style="bold", end="")
        symbol = f"  {printable(hit['symbol'])}" if hit["symbol"] else ""
        out.print(f"{symbol}  ({hit['score']:.3f})", style="dim")
        lines = printable(hit["text"]).strip("\n").splitlines()
        out.print("\n".join(f"     {line}" for line in lines[:_LINES]))
        if len(lines) > _LINES:
            out.print(f"     … {len(lines) - _LINES} more lines", style="dim")
    for notice in found["notices"]:
        console(error=True).print(printable(notice), style="yellow")
