"""The wire form of server-sent events (WHATWG HTML, section 9.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass

MEDIA_TYPE = "text/event-stream"
HEARTBEAT = b": still here\n\n"
OPENING = b"retry: 2000\n\n"
"""Sent at once, so that the client sees the stream open; it comes back 2 s after a stream broke."""

_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class ServerEvent:
    """One event. ``event`` None is what browsers call ``message``; ``id`` is where to resume after."""

    data: str
    event: str | None = None
    id: str | None = None

    def encode(self) -> bytes:
        lines = [] if self.id is None else [f"id: {self.id}"]
        if self.event is not None:
            lines.append(f"event: {self.event}")
        lines.extend(f"data: {line}" for line in _LINE_END.split(self.data))
        return ("\n".join(lines) + "\n\n").encode()
