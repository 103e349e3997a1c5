"""How the parent and a parsing process talk: a JSON header and a body, each with its length before it."""

from __future__ import annotations

import json
import struct
from typing import Any

PREFIX = struct.Struct("!IQ")
"""Length of the header and of the body, in bytes."""


def frame(header: dict[str, Any], body: bytes = b"") -> bytes:
    """One message. The header is ASCII, so any string passes, lone surrogates too."""
    encoded = json.dumps(header).encode("ascii")
    return b"".join((PREFIX.pack(len(encoded), len(body)), encoded, body))


def lengths(prefix: bytes) -> tuple[int, int]:
    header, body = PREFIX.unpack(prefix)
    return header, body


def header(encoded: bytes) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(encoded)
    return decoded
