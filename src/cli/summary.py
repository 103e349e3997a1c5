"""What an ingestion came to, for people."""

from __future__ import annotations

from typing import Any

from .output import console, printable

_SHOWN = 20


def show_outcome(result: dict[str, Any]) -> None:
    """Counts of the collection, then what was left out and what failed, with reasons."""
    out = console()
    collection = result["collection"]
    states = ", ".join(f"{count} {state}" for state, count in collection["documents"].items() if count)
    out.print(
        printable(f"{collection['name']}: {states or 'no documents'}, {collection['passages']} passages")
    )
    for outcome in result["outcomes"]:
        source = outcome["source"]
        if source is not None:
            counts = ", ".join(f"{count} {name}" for name, count in source["counts"].items() if count)
            commit = f" at {source['last_commit'][:12]}" if source["last_commit"] else ""
            out.print(printable(f"{outcome['target']}{commit}: {counts or 'nothing there'}"))
        _show(outcome["skipped"], "yellow")
        _show(outcome["failed"], "red")


def _show(documents: list[dict[str, Any]], style: str) -> None:
    out = console()
    for document in documents[:_SHOWN]:
        error = document["error"] or {"code": document["state"], "detail": ""}
        name = document["path"] or document["title"] or document["external_id"]
        out.print(printable(f"  {name}: {error['detail']} ({error['code']})"), style=style)
    if len(documents) > _SHOWN:
        out.print(f"  … and {len(documents) - _SHOWN} more; --json lists them all", style=style)
