"""The HTTP client below both SDKs. Imported where one is made, since it needs theirs."""

from __future__ import annotations

from contextlib import suppress

import httpx2


class DirectClient(httpx2.Client):
    """Speaks to the configured host alone. A redirect is an answer like any other: followed, it would take
    the key, the question and the passages to whatever host it names. Connections end with the client."""

    def __init__(self) -> None:
        super().__init__(
            follow_redirects=False,
            limits=httpx2.Limits(max_connections=1000, max_keepalive_connections=100),
        )

    def __del__(self) -> None:
        with suppress(Exception):
            self.close()
