"""The server itself, over real sockets."""

from __future__ import annotations

import http.client
import json
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, cast
from urllib.parse import urlsplit

import pytest
from flask import Flask, Response

from src.core.errors import ConfigurationError
from src.core.settings import Settings
from src.web import channel, state
from src.web.app import create_app
from src.web.server import WebServer
from tests.web.api.scripted import ADMIN, ScriptedApplication

STREAMS = 100
STREAM = "/api/v1/events:stream"
HUGE = b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: ".ljust(2**18, b"x")


@contextmanager
def serving(app: Flask, *, threads: int = 8, max_body_bytes: int = 10_000) -> Iterator[WebServer]:
    server = WebServer(app, host="127.0.0.1", port=0, threads=threads, max_body_bytes=max_body_bytes)
    thread = threading.Thread(
        target=server.serve, kwargs={"before_stop": lambda: state.of(app).streams.close(0.1)}
    )
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join(10)
        assert not thread.is_alive()


def scripted_app(settings: Settings | None = None) -> tuple[Flask, ScriptedApplication]:
    application = ScriptedApplication(settings)
    return create_app(cast(Any, application)), application


@contextmanager
def asked(
    server: WebServer, path: str, headers: dict[str, str] | None = None, body: bytes | None = None
) -> Iterator[http.client.HTTPResponse]:
    address = urlsplit(server.url)
    asking = http.client.HTTPConnection(address.hostname or "", address.port, timeout=10)
    try:
        asking.request("GET" if body is None else "POST", path, body, headers or {})
        with asking.getresponse() as response:
            yield response
    finally:
        asking.close()


def get(server: WebServer, path: str) -> bytes:
    with asked(server, path) as response:
        assert response.status == 200
        return response.read()


def raw(server: WebServer, data: bytes) -> bytes:
    address = urlsplit(server.url)
    with socket.create_connection((address.hostname, address.port or 0), timeout=10) as open_socket:
        open_socket.sendall(data)
        received = b""
        while chunk := open_socket.recv(65536):
            received += chunk
        return received


def test_port_0_takes_a_free_port_and_tells_it() -> None:
    app, _ = scripted_app()
    with serving(app) as server:
        assert urlsplit(server.url).port
        assert get(server, "/healthz")


def test_a_taken_port_is_a_configuration_error_with_a_next_step() -> None:
    app, _ = scripted_app()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"Port {port} on 127.0.0.1 is taken.*STOA_PORT"):
            WebServer(app, host="127.0.0.1", port=port, threads=1, max_body_bytes=1)


@pytest.mark.parametrize("host", ["203.0.113.1", "no such host"])
def test_an_address_of_another_machine_is_a_configuration_error(host: str) -> None:
    app, _ = scripted_app()
    with pytest.raises(ConfigurationError, match="STOA_HOST"):
        WebServer(app, host=host, port=0, threads=1, max_body_bytes=1)


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"nonsense\r\n\r\n", 400, "malformed_request"),
        (b"GET / HTTP/1.1\r\nBad Header: x\r\n\r\n", 400, "malformed_request"),
        (HUGE, 431, "headers_too_large"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n", 400, "malformed_request"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n", 413, "too_large"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 501, "not_implemented"),
    ],
    ids=["line", "header", "huge headers", "length", "huge body", "encoding"],
)
def test_what_is_not_proper_http_is_answered_with_a_problem(data: bytes, status: int, code: str) -> None:
    app, _ = scripted_app()
    with serving(app) as server:
        head, _, body = raw(server, data).partition(b"\r\n\r\n")
    assert head.split()[1] == str(status).encode()
    assert b"application/problem+json" in head
    assert b"nosniff" in head
    assert json.loads(body)["code"] == code


def test_a_stream_that_fails_at_its_first_piece_is_a_problem(caplog: pytest.LogCaptureFixture) -> None:
    app, _ = scripted_app()

    def broken() -> Iterator[bytes]:
        raise RuntimeError("the secret cause")
        yield b""

    app.add_url_rule("/broken", view_func=lambda: Response(broken()))
    with serving(app) as server, asked(server, "/broken") as response:
        assert response.status == 500
        body = response.read()
    assert json.loads(body)["code"] == "internal"
    assert b"secret" not in body
    assert "the secret cause" in caplog.text


def test_a_body_somewhat_too_large_is_refused_by_the_application() -> None:
    app, _ = scripted_app(Settings(max_request_bytes=10_000))
    with serving(app) as server:
        headers = {**ADMIN, "Content-Type": "application/x-ndjson"}
        path = "/api/v1/collections/c/documents:import"
        with asked(server, path, headers, b"x" * 2_000_000) as response:
            assert response.status == 413
            assert json.loads(response.read())["code"] == "too_large"


def test_a_hundred_open_streams_leave_the_site_quick() -> None:
    app, application = scripted_app()
    settings = application.settings
    threads = settings.web_threads + settings.max_streams
    with serving(app, threads=threads) as server, ExitStack() as opened:
        streams = [opened.enter_context(asked(server, STREAM, ADMIN)) for _ in range(STREAMS)]
        for stream in streams:
            assert stream.readline().startswith(b"retry")
        took = []
        for path in ("/healthz", "/api/v1/docs") * 25:
            started = time.monotonic()
            get(server, path)
            took.append(time.monotonic() - started)
        assert statistics.median(took) < 0.5
        assert state.of(app).streams.open == STREAMS
        application.event_log.add("new.v1")
        for stream in streams:
            assert any(b"new.v1" in stream.readline() for _ in range(4))


def test_the_place_of_a_client_that_left_is_free_within_seconds() -> None:
    app, _ = scripted_app()
    with serving(app) as server:
        with asked(server, STREAM, ADMIN):
            assert state.of(app).streams.open == 1
        wait_until(lambda: state.of(app).streams.open == 0, 5)


def wait_until(met: Callable[[], bool], within_s: float) -> None:
    deadline = time.monotonic() + within_s
    while not met():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_client_that_stops_reading_loses_its_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel, "STALLED_S", 0.5)
    monkeypatch.setattr("src.web.server._CLEANUP_S", 1)
    app, _ = scripted_app()
    ended = threading.Event()

    def endless() -> Iterator[bytes]:
        try:
            while True:
                yield b"x" * 65536
        finally:
            ended.set()

    app.add_url_rule("/endless", view_func=lambda: Response(endless()))
    with serving(app) as server:
        address = urlsplit(server.url)
        with socket.create_connection((address.hostname, address.port or 0), timeout=10) as reader:
            reader.sendall(b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n")
            reader.recv(100)
            assert ended.wait(8)


def test_stopping_ends_streams_and_finishes_what_runs() -> None:
    app, _ = scripted_app()
    begun = threading.Event()

    def slow() -> str:
        begun.set()
        time.sleep(0.7)
        return "finished"

    app.add_url_rule("/slow", view_func=slow)
    answers: list[bytes] = []
    with ExitStack() as opened:
        with serving(app) as server:
            stream = opened.enter_context(asked(server, STREAM, ADMIN))
            stream.readline()
            asking = threading.Thread(target=lambda: answers.append(get(server, "/slow")))
            asking.start()
            assert begun.wait(5)
            started = time.monotonic()
        assert time.monotonic() - started < 4
        asking.join(5)
        assert answers == [b"finished"]
        assert stream.read() == b"\n"
