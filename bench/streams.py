"""How quick the site stays while a hundred streams are open."""

from __future__ import annotations

import http.client
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from src.cli.connection import administrator_id
from src.cli.service import Service
from src.cli.tokens import local_token

from .house import house
from .table import Row as TableRow
from .table import Table, scratch

if TYPE_CHECKING:
    from src.bootstrap import Application

STREAM = "/api/v1/events:stream"


@dataclass(frozen=True)
class Row:
    """One path's times in milliseconds without open streams and with them."""

    path: str
    streams: int
    p50_without_ms: float
    p95_without_ms: float
    p50_with_ms: float
    p95_with_ms: float

    @property
    def ratio(self) -> float:
        """How many times as long the median request takes with the streams open."""
        return self.p50_with_ms / self.p50_without_ms


def measure(
    application: Application,
    *,
    streams: int = 100,
    requests: int = 200,
    paths: Sequence[str] = ("/healthz", "/login", "/api/v1/collections"),
) -> list[Row]:
    """Time ``requests`` for each path, one after the other, over real sockets; then the same with
    ``streams`` of the event log open, all of which must be alive at the end."""
    service = Service(application, host="127.0.0.1", port=0)
    service.start()
    token = local_token(application.settings.data_dir, administrator_id(application))
    client = _Client(service.url, token)
    try:
        without = {path: client.times_ms(path, requests) for path in paths}
        with ExitStack() as opened:
            for _ in range(streams):
                opened.enter_context(client.stream())
            during = {path: client.times_ms(path, requests) for path in paths}
    finally:
        service.stop()
    return [
        Row(path, streams, *_median_and_tail(without[path]), *_median_and_tail(during[path]))
        for path in paths
    ]


def _median_and_tail(times_ms: list[float]) -> tuple[float, float]:
    cuts = statistics.quantiles(times_ms, n=20)
    return statistics.median(times_ms), cuts[-1]


class _Client:
    """Asks as a browser does: one connection that is kept."""

    def __init__(self, url: str, token: str) -> None:
        self._address = urlsplit(url)
        self._headers = {"Authorization": f"Bearer {token}"}

    def times_ms(self, path: str, count: int) -> list[float]:
        connection = self._connect()
        times = []
        try:
            for _ in range(count):
                started = time.perf_counter()
                connection.request("GET", path, headers=self._headers)
                response = connection.getresponse()
                response.read()
                times.append((time.perf_counter() - started) * 1000)
                if response.status != 200:
                    raise RuntimeError(f"{path} answered {response.status}")
        finally:
            connection.close()
        return times

    @contextmanager
    def stream(self) -> Iterator[None]:
        """A stream that is open, and was not ended by the server when the block is left."""
        connection = self._connect()
        try:
            connection.request("GET", STREAM, headers=self._headers)
            with connection.getresponse() as response:
                if not response.readline().startswith(b"retry"):
                    raise RuntimeError(f"the stream did not open: {response.status}")
                yield
                if response.isclosed():
                    raise RuntimeError("the server ended a stream")
        finally:
            connection.close()

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self._address.hostname or "", self._address.port, timeout=30)


def run() -> Table:
    """A hundred streams of the event log, over real sockets, on a server with nothing else to do."""
    with scratch() as data_dir, house(data_dir) as bench:
        measured = measure(bench.application)
    rows = tuple(
        TableRow(
            f"GET {row.path} with {row.streams} open streams, median",
            f"{row.p50_with_ms:.1f} ms (p95 {row.p95_with_ms:.1f} ms)",
            f"without streams {row.p50_without_ms:.1f} ms (p95 {row.p95_without_ms:.1f} ms)",
            row.ratio,
        )
        for row in measured
    )
    return Table(
        "Open streams", "Each open stream holds a thread of the server; the site must stay quick.", rows
    )
