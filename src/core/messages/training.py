"""Training data and training runs."""

from __future__ import annotations

from typing import ClassVar

from .base import Event


class MemoryChanged(Event):
    """What a collection's rankings remember of its ratings has changed."""

    topic: ClassVar[str] = "memory.changed.v1"
    collection_id: str

    def ordering_key(self) -> str | None:
        return self.collection_id
