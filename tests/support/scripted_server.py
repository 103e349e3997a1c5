"""An HTTP server on loopback that answers each request with the next reply of a script."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Pause:
    """Wait before the next bytes; it ends early when the server stops."""

    seconds: float


class Cut:
    """Drop the connection where it stands, in the middle of the body."""


Step = bytes | Pause | Cut


@dataclass(frozen=True)
class Reply:
    """A status, headers and a body in steps. Without ``chunked`` the end of the connection ends the body."""

    steps: Sequence[Step] = ()
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    chunked: bool = True

    @classmethod
    def json(cls, status: int, body: object, **headers: str) -> Reply:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return cls([json.dumps(body).encode()], status, {"content-type": "application/json", **named})

    @classmethod
    def events(cls, *steps: Step, chunked: bool = True) -> Reply:
        return cls(steps, 200, {"content-type": "text/event-stream"}, chunked)


@dataclass(frozen=True)
class Asked:
    """A request as it came over the wire."""

    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]


Script = Callable[[Asked], Reply]


class ScriptedServer:
    """Replies with ``replies`` in turn, the last one over and over, or with what a function makes of the
    request. ``asked`` holds the requests so far."""

    def __init__(self, replies: Sequence[Reply] | Script) -> None:
        self.asked: list[Asked] = []
        self._replies = replies
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}"

    def next_reply(self, asked: Asked) -> Reply:
        with self._lock:
            self.asked.append(asked)
            if callable(self._replies):
                return self._replies(asked)
            return self._replies[min(len(self.asked), len(self._replies)) - 1]

    def pause(self, seconds: float) -> None:
        self._stopping.wait(seconds)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(5)


@contextmanager
def serving(replies: Sequence[Reply] | Script) -> Iterator[ScriptedServer]:
    """A server that runs until the block ends."""
    server = ScriptedServer(replies)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _handler(server: ScriptedServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            body = json.loads(self.rfile.read(length) or b"{}")
            reply = server.next_reply(Asked(self.path, dict(self.headers.items()), body))
            self.close_connection = True
            try:
                self._send(reply)
            except OSError:
                return  # the client went away, as some tests want

        def _send(self, reply: Reply) -> None:
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if reply.chunked:
                self.send_header("transfer-encoding", "chunked")
            self.send_header("connection", "close")
            self.end_headers()
            for step in reply.steps:
                if isinstance(step, Pause):
                    server.pause(step.seconds)
                elif isinstance(step, Cut):
                    return
                else:
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(step), step) if reply.chunked else step)
                    self.wfile.flush()
            if reply.chunked:
                self.wfile.write(b"0\r\n\r\n")

        def log_message(self, format: str, *args: object) -> None:
            return

    return Handler
