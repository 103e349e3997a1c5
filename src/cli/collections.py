"""Collections by the names that people use."""

from __future__ import annotations

from collections.abc import Sequence

from src.core.errors import NotFoundError

from .client import Client


def ids_of(client: Client, names: Sequence[str] | None) -> list[str] | None:
    """The ids of all collections with these names, which need not be unique; None for None. Raises
    NotFoundError for a name that is not there."""
    if not names:
        return None
    known = [(item["name"], item["id"]) for item in client.items("/collections")]
    there = {name for name, _ in known}
    missing = [name for name in names if name not in there]
    if missing:
        listed = ", ".join(sorted(there)) or "none"
        raise NotFoundError(f"There is no collection named {', '.join(missing)}; there are: {listed}.")
    return [collection_id for name, collection_id in known if name in names]


def find_or_make(client: Client, name: str) -> str:
    """The id of the collection with that name, which is made when it is missing."""
    for item in client.items("/collections"):
        if item["name"] == name:
            return str(item["id"])
    return str(client.post("/collections", {"name": name})["id"])
