"""How a command finds the server that owns a data folder."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from src.cli.instance import Instance, announced, find


class Healthy(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/healthz" else 404)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture
def url() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Healthy)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_running_server_is_found_until_it_ends(tmp_path: Path, url: str) -> None:
    instance = Instance(os.getpid(), url, "u1")
    with announced(tmp_path, instance):
        assert find(tmp_path) == instance
    assert find(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_what_a_dead_server_left_behind_is_not_believed(tmp_path: Path, url: str) -> None:
    gone = {"pid": 2**22 + 1, "url": url, "user_id": "u1"}
    (tmp_path / "server.json").write_text(json.dumps(gone))
    assert find(tmp_path) is None


def test_a_server_that_does_not_answer_is_not_found(tmp_path: Path) -> None:
    with announced(tmp_path, Instance(os.getpid(), "http://127.0.0.1:9", "u1")):
        assert find(tmp_path) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": "x"}', "\x00"])
def test_a_damaged_note_is_no_server(tmp_path: Path, text: str) -> None:
    (tmp_path / "server.json").write_text(text)
    assert find(tmp_path) is None
