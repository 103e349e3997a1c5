"""The bounded queue between a hub and one stream."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")

TICK_S = 1.0
"""How often a waiting stream looks whether its client left or the server stops."""


class Feed(Generic[T]):
    """Holds what one stream has still to send. One whose reader is too slow is closed: its client
    comes back and goes on after the last event that it saw."""

    def __init__(self, limit: int = 1000) -> None:
        self._limit = limit
        self._items: deque[T] = deque()
        self._changed = threading.Condition()
        self._closed = False

    @property
    def closed(self) -> bool:
        return self._closed

    def put(self, item: T) -> None:
        """Append, or close where the feed is full; ignored after the close."""
        with self._changed:
            if len(self._items) >= self._limit:
                self._items.clear()
                self._closed = True
            elif not self._closed:
                self._items.append(item)
            self._changed.notify()

    def close(self) -> None:
        """End the iteration after what is in the feed already."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def __iter__(self) -> Iterator[T | None]:
        """Yield the items, and None about every second in which there was none."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._items or self._closed, timeout=TICK_S)
                if self._items:
                    item: T | None = self._items.popleft()
                elif self._closed:
                    return
                else:
                    item = None
            yield item
