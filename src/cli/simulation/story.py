"""What the loop did, from the server's event log, by the interaction at which it was seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from src.cli.client import Client

_KINDS = ("training.", "candidate.", "experiment.", "model.", "rating.held.")
_PAGE = 500


@dataclass(frozen=True)
class Happening:
    """An event of the loop, seen after so many interactions."""

    interaction: int
    topic: str
    at: str
    payload: dict[str, Any]


class Story:
    """Reads on from where it stopped; only what concerns one collection is kept."""

    def __init__(self, client: Client, collection_id: str) -> None:
        self._client = client
        self._collection_id = collection_id
        newest = client.get("/events", limit=1)["items"]
        self._position = newest[-1]["position"] if newest else 0
        self.happenings: list[Happening] = []

    def read(self, interaction: int) -> list[Happening]:
        """What is new."""
        fresh: list[Happening] = []
        while True:
            items = self._client.get("/events", after=self._position, limit=_PAGE)["items"]
            for event in items:
                self._position = event["position"]
                if self._concerns(event):
                    fresh.append(Happening(interaction, event["topic"], event["at"], event["payload"]))
            if len(items) < _PAGE:
                break
        self.happenings += fresh
        return fresh

    def _concerns(self, event: dict[str, Any]) -> bool:
        topic: str = event["topic"]
        return topic.startswith(_KINDS) and event["payload"].get("collection_id") == self._collection_id
