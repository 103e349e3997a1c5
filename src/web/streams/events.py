"""One reader of the event log for all who follow it."""

from __future__ import annotations

from collections.abc import Iterator

from src.core.eventlog import EventLog
from src.core.messages.console import LoggedEvent
from src.core.signals import Signal

from .feed import Feed
from .hub import Hub

_BATCH = 200


class EventHub(Hub):
    """Hands new events of the log to every subscriber."""

    def __init__(self, log: EventLog, signal: Signal) -> None:
        super().__init__("event log", signal)
        self._log = log
        self._feeds: dict[Feed[LoggedEvent], str | None] = {}
        self._position = 0

    def follow(self, *, topic: str | None = None, after: int | None = None) -> Iterator[LoggedEvent | None]:
        """Events from now on, or from the one after ``after``; None at once and about every second
        without one.

        ``topic`` may end in ``*``. The iteration ends when the reader is too slow.
        """
        feed: Feed[LoggedEvent] = Feed()
        with self._lock:
            if not self._feeds:
                self._position = self._log.last_position()
            self._feeds[feed] = topic
            joined = self._position
            self._ensure_running()
        try:
            yield None
            if after is not None and after < joined:
                yield from self._missed(topic, after, joined)
            for event in feed:
                if event is None or after is None or event.position > after:
                    yield event
        finally:
            with self._lock:
                self._feeds.pop(feed, None)

    def _missed(self, topic: str | None, after: int, until: int) -> Iterator[LoggedEvent]:
        position = after
        while batch := self._log.after(position, topic=topic, limit=_BATCH):
            for event in batch:
                if event.position > until:
                    return
                yield event
            position = batch[-1].position

    def _wanted(self) -> bool:
        return bool(self._feeds)

    def _read(self) -> None:
        while True:
            events = self._log.after(self._position, limit=_BATCH)
            with self._lock:
                for event in events:
                    self._hand_out(event)
                    self._position = event.position
            if len(events) < _BATCH:
                return

    def _hand_out(self, event: LoggedEvent) -> None:
        for feed, topic in list(self._feeds.items()):
            if matches(event.topic, topic):
                feed.put(event)
            if feed.closed:
                del self._feeds[feed]


def matches(topic: str, wanted: str | None) -> bool:
    """Whether ``topic`` is ``wanted``, which may end in ``*``; None wants all."""
    if wanted is None:
        return True
    return topic.startswith(wanted[:-1]) if wanted.endswith("*") else topic == wanted
