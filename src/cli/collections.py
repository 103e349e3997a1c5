"""Collections by the names that people use."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from src.core.errors import ConflictError, NotFoundError

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
        raise _missing(missing, there)
    return [collection_id for name, collection_id in known if name in names]


def id_of(client: Client, given: str) -> str:
    """The id of the one collection that ``given`` names or is the id of. Raises NotFoundError, and
    ConflictError with the ids where several bear the name."""
    known = list(client.items("/collections"))
    if any(item["id"] == given for item in known):
        return given
    found = [str(item["id"]) for item in known if item["name"] == given]
    if len(found) > 1:
        raise ConflictError(f"{len(found)} collections are named {given}; give an id: {', '.join(found)}.")
    if not found:
        raise _missing([given], {str(item["name"]) for item in known})
    return found[0]


def _missing(names: Sequence[str], known: Collection[str]) -> NotFoundError:
    listed = ", ".join(sorted(known)) or "none"
    return NotFoundError(f"There is no collection named {', '.join(names)}; there are: {listed}.")


def find_or_make(client: Client, given: str) -> str:
    """The id of the collection that ``given`` names or is the id of, or of a new one with that name. Raises
    ConflictError where several bear it."""
    try:
        return id_of(client, given)
    except NotFoundError:
        return str(client.post("/collections", {"name": given})["id"])
