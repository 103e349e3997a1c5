"""The models of the collection on the questions that are never asked."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from concurrent.futures import Executor
from typing import Any

from src.cli.client import ApiError, Client

from .examiner import Examined, Examiner
from .labelled import Question
from .results import Standing

_WAITING = ("trial", "gated", "candidate")


class Board:
    """Examines the default model with its memory, the live model, and the newest one that waits to become
    it; everything against the default as it was before the first vote."""

    def __init__(
        self, client: Client, collection_id: str, kept: Sequence[Question], threads: Executor
    ) -> None:
        self._client = client
        self._collection_id = collection_id
        self._kept = kept
        self._examiner = Examiner(client, collection_id, kept, threads)
        self._base: Examined | None = None

    def standings(self, liked: Collection[str]) -> tuple[list[Standing], str]:
        """The standings now, and the role of what readers get. ``liked`` are the documents with an
        up-vote."""
        models = list(self._client.items("/models", collection_id=self._collection_id, limit=100))
        if self._base is None:
            live = next((one["id"] for one in models if one["state"] == "live"), None)
            self._base = self._examiner.examine(live, "Measuring what is there")
            return [self._standing("base", None, self._base, liked)], "base"
        default = next((one for one in models if one["artefact"] is None), None)
        live = next((one for one in models if one["state"] == "live"), default)
        waiting = next((one for state in _WAITING for one in models if one["state"] == state), None)
        found = [self._examined("memory", default, liked)]
        if live is not None and live is not default:
            found.append(self._examined("live", live, liked))
        if waiting is not None:
            found.append(self._examined(waiting["state"], waiting, liked))
        return found, "memory" if live is default else "live"

    def runs(self) -> list[dict[str, Any]]:
        """The training runs, oldest first."""
        try:
            newest = list(self._client.items("/training-runs", collection_id=self._collection_id, limit=100))
        except ApiError:
            return []
        return newest[::-1]

    def _examined(self, role: str, model: dict[str, Any] | None, liked: Collection[str]) -> Standing:
        name = f"version {model['version']} ({role})" if model else role
        examined = self._examiner.examine(model["id"] if model else None, f"Measuring {name}")
        return self._standing(role, model, examined, liked)

    def _standing(
        self, role: str, model: dict[str, Any] | None, examined: Examined, liked: Collection[str]
    ) -> Standing:
        base = self._base
        assert base is not None
        seen = {one.id for one in self._kept if not one.labels.keys().isdisjoint(liked)}
        unseen = {one.id for one in self._kept} - seen
        first = role == "base"
        return Standing(
            role=role,
            version=model["version"] if model else None,
            kind=model["kind"] if model else None,
            questions={
                id_: round(value, 4)
                for id_, value in zip(examined.scores.queries, examined.scores.ndcg.tolist(), strict=True)
            },
            figures={name: round(value, 4) for name, value in examined.scores.means().items()},
            gain=None if first else examined.change(base),
            seen=None if first else examined.change(base, seen),
            unseen=None if first else examined.change(base, unseen),
            median_ms=round(examined.median_ms, 1),
        )
