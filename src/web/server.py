"""The HTTP server: waitress in this process, with threads to spare beside every open stream."""

from __future__ import annotations

import errno
import logging
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from flask import Flask
from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher

from src.core.errors import ConfigurationError

from .channel import Channel, close_stalled

log = logging.getLogger(__name__)

_MORE_CONNECTIONS = 1000
_CLEANUP_S = 10
_OVERSIZE = 64 * 2**20
"""A body that is too large by less is still read, so that its sender sees the refusal and not a reset."""
_UNSENT_LIMIT = 2**20


class WebServer:
    """Serves a WSGI application on one address, bound at once; port 0 takes a free one.

    Raises ConfigurationError where the address cannot be bound.
    """

    def __init__(self, app: Flask, *, host: str, port: int, threads: int, max_body_bytes: int) -> None:
        self._map: dict[int, Any] = {}
        self._stopping = threading.Event()
        listener = _bind(host, port)
        settings = Adjustments(
            sockets=[listener],
            threads=threads,
            connection_limit=threads + _MORE_CONNECTIONS,
            max_request_body_size=max_body_bytes + _OVERSIZE,
            outbuf_high_watermark=_UNSENT_LIMIT,
            cleanup_interval=_CLEANUP_S,
            channel_request_lookahead=1,  # else a client that left is noticed at the next write only
            ident="stoa",
        )
        self._workers = ThreadedTaskDispatcher()
        self._workers.set_thread_count(threads)
        self._listener = _Listener(app, self._map, listener, self._workers, settings)
        self.url = _url(host, self._listener)

    def serve(self, *, before_stop: Callable[[], None] = lambda: None, grace_s: float = 6.0) -> None:
        """Answer requests until ``stop``; then refuse new ones, call ``before_stop`` and give the
        requests that run ``grace_s`` to end."""
        while not self._stopping.is_set():
            self._turn(1.0)
        wasyncore.dispatcher.close(self._listener)
        ending = threading.Thread(target=before_stop, name="before-stop", daemon=True)
        ending.start()
        deadline = time.monotonic() + grace_s
        while time.monotonic() < deadline and (ending.is_alive() or self._busy()):
            self._turn(0.05)
        self._workers.shutdown(timeout=1)
        wasyncore.close_all(self._map, ignore_all=True)

    def stop(self) -> None:
        """Make ``serve`` return; may be called from a signal handler or any thread."""
        self._stopping.set()
        self._listener.pull_trigger()

    def _turn(self, timeout_s: float) -> None:
        wasyncore.loop(timeout=timeout_s, use_poll=True, map=self._map, count=1)

    def _busy(self) -> bool:
        channels = list(self._listener.active_channels.values())
        return any(channel.requests or channel.total_outbufs_len for channel in channels)


class _Listener(TcpWSGIServer):  # type: ignore[misc]  # waitress is untyped
    """waitress's server with our channels, and an end for clients that stopped reading."""

    channel_class = Channel

    def __init__(
        self,
        app: Flask,
        sockets: dict[int, Any],
        listener: socket.socket,
        workers: ThreadedTaskDispatcher,
        settings: Adjustments,
    ) -> None:
        self._suspects: dict[Channel, float] = {}
        super().__init__(
            app,
            sockets,
            True,
            listener,
            dispatcher=workers,
            adj=settings,
            bind_socket=False,
            sockinfo=(listener.family, listener.type, listener.proto, listener.getsockname()),
        )

    def maintenance(self, now: float) -> None:
        super().maintenance(now)
        self._suspects = close_stalled(self.active_channels.values(), self._suspects, now)


def _bind(host: str, port: int) -> socket.socket:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise ConfigurationError(
            f"The host {host!r} is not a name or an address of this machine; set STOA_HOST."
        ) from error
    family, *_, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    try:
        return socket.create_server(address[:2], family=family, backlog=1024)
    except OSError as error:
        raise ConfigurationError(_refusal(error, host, port)) from error


def _refusal(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is taken: stop the program that uses it, or set STOA_PORT to another."
    if error.errno == errno.EACCES:
        return f"This user may not listen on port {port}: set STOA_PORT to one from 1024 on."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is not an address of this machine: set STOA_HOST to one that is."
    return f"{host}:{port} cannot be listened on: {error.strerror}."


def _url(host: str, listener: TcpWSGIServer) -> str:
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}.get(host)  # noqa: S104 - to reach it
    if name is None:
        name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{int(listener.effective_port)}"
