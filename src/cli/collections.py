"""Collections by the names that people use."""

from __future__ import annotations

from collections.abc import Sequence

from src.core.errors import NotFoundError

from .client import Client


def ids_of(client: Client, names: Sequence[str] | None) -> list[str] | None:
    """The ids of the named collections, None for None; raises NotFoundError for a name that is not there."""
    if not names:
        return None
    known = {item["name"]: item["id"] for item in client.items("/collections")}
    missing = [name for name in names if name not in known]
    if missing:
        there = ", ".join(sorted(known)) or "none"
        raise NotFoundError(f"There is no collection named {', '.join(missing)}; there are: {there}.")
    return [known[name] for name in names]


def find_or_make(client: Client, name: str) -> str:
    """The id of the collection with that name, which is made when it is missing."""
    for item in client.items("/collections"):
        if item["name"] == name:
            return str(item["id"])
    return str(client.post("/collections", {"name": name})["id"])
