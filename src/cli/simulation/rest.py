"""Waiting until the server has done with the votes so far what it does with votes."""

from __future__ import annotations

import time

from src.cli.client import Client

_POLL_S = 0.05
_LOOP = frozenset({"feedback_analyst", "fine_tuner", "experiment_runner", "indexing"})
"""The agents that votes set to work. What else there is may have a backlog for days: a receiver of alerts
that is away, say."""
_QUIET = 2
"""Looks in a row: between two queues an event is in neither for some milliseconds."""


class Rest:
    """Days pass between the votes of real readers, in which everything that a vote set off comes to its end.
    Simulated readers wait for that end instead. ``waited_s`` is the time they spent so, ``overdue`` how often
    patience ran out and they went on."""

    def __init__(self, client: Client, collection_id: str, *, patience_s: float) -> None:
        self._client = client
        self._collection_id = collection_id
        self._patience_s = patience_s
        self.waited_s = 0.0
        self.overdue = 0

    def wait(self) -> None:
        started = time.monotonic()
        quiet = 0
        while quiet < _QUIET:
            if time.monotonic() - started > self._patience_s:
                self.overdue += 1
                break
            time.sleep(_POLL_S)
            quiet = 0 if self._busy() else quiet + 1
        self.waited_s += time.monotonic() - started

    def _busy(self) -> bool:
        """The cheapest look first."""
        of_collection = {"collection_id": self._collection_id, "limit": 1}
        if self._client.get("/feedback", state="new", **of_collection)["items"]:
            return True
        if self._client.get("/jobs", state="running", **of_collection)["items"]:
            return True
        agents = self._client.get("/agents")["items"]
        return any(agent["backlog"] for agent in agents if agent["name"] in _LOOP)
