"""The accounts of simulated readers."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Literal

from src.cli.client import Client

from .habits import Habits

Kind = Literal["honest", "liar", "flood"]


@dataclass(frozen=True)
class Reader:
    """An account, the way to the server as this account, and how its owner votes."""

    user_id: str
    username: str
    kind: Kind
    client: Client
    habits: Habits


class People:
    """Makes accounts that may read one collection, and switches them off again."""

    def __init__(self, client: Client, collection_id: str) -> None:
        self._client = client
        self._collection_id = collection_id
        self._run = secrets.token_hex(3)
        self._made: list[Reader] = []
        self._numbers = count(1)

    @property
    def all(self) -> Sequence[Reader]:
        return self._made

    def add(self, kind: Kind, flips: float) -> Reader:
        """Raises ApiError where the caller is no administrator."""
        name = f"simulated-{self._run}-{next(self._numbers)}"
        password = secrets.token_urlsafe(16)
        user = self._client.post("/users", {"username": name, "password": password, "roles": ["reader"]})
        self._client.put(f"/collections/{self._collection_id}/members/{name}", {})
        token = self._client.post("/auth/token", {"username": name, "password": password})
        reader = Reader(
            user_id=user["id"],
            username=name,
            kind=kind,
            client=Client(self._client.url, token["access_token"]),
            habits=Habits(flips, liar=kind != "honest"),
        )
        self._made.append(reader)
        return reader

    def leave(self) -> None:
        """Switch the accounts off: what they voted stays, but nobody can use them."""
        for reader in self._made:
            self._client.patch(f"/users/{reader.user_id}", {"disabled": True})
