"""Hugging Face names: from the cache folder, or from a hub that speaks the documented protocol."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from src.core.errors import ConfigurationError
from src.services.embeddings.embedder import OnnxEmbedder
from src.services.embeddings.hub import fetch, is_hub_name
from src.services.embeddings.models import Pooling
from tests.unit.services.embeddings.making import write_model

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub(ThreadingHTTPServer):
    """Serves the files of one folder as the model ``owner/tiny`` and remembers what was asked for."""

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder = folder
        self.asked: list[str] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Hub

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        self.server.asked.append(f"{self.command} {self.path}")
        path = self.path.partition("?")[0]
        files = [p for p in self.server.folder.rglob("*") if p.is_file()]
        names = {p.relative_to(self.server.folder).as_posix(): p for p in files}
        if path in {f"/api/models/owner/tiny/revision/{name}" for name in ("main", "v1", COMMIT)}:
            siblings = [{"rfilename": name} for name in names]
            self._send(200, json.dumps({"id": "owner/tiny", "sha": COMMIT, "siblings": siblings}).encode())
        elif path == f"/api/models/owner/tiny/tree/{COMMIT}":
            entries = [
                {"type": "file", "path": name, "size": file.stat().st_size, "oid": "0" * 40}
                for name, file in names.items()
            ]
            self._send(200, json.dumps(entries).encode())
        elif (name := path.removeprefix(f"/owner/tiny/resolve/{COMMIT}/")) in names:
            self._send(200, names[name].read_bytes())
        else:
            self._send(404, b'{"error": "not found"}', **{"X-Error-Code": "RepoNotFound"})

    def _send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        headers |= {"ETag": f'"{hashlib.sha256(body).hexdigest()}"', "X-Repo-Commit": COMMIT}
        for name, value in (headers | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    server = Hub(write_model(tmp_path / "served", pooling="cls"))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def unreachable() -> str:
    """An address on which nothing listens."""
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        port = server.server_port
    return f"http://127.0.0.1:{port}"


def cached(cache: Path, name: str) -> None:
    """A model as the hub's client lays it down."""
    folder = cache / f"models--{name.replace('/', '--')}"
    write_model(folder / "snapshots" / COMMIT)
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text(COMMIT)


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("BAAI/bge-small-en-v1.5", True),
        ("owner/model@v1.0", True),
        ("model", False),
        ("a/b/c", False),
        ("../model", False),
        ("owner/model@", False),
    ],
)
def test_a_hub_name_has_an_owner_and_perhaps_a_revision(name: str, known: bool) -> None:
    assert is_hub_name(name) is known


def test_a_cached_model_needs_no_network(tmp_path: Path, unreachable: str) -> None:
    cached(tmp_path / "hub", "owner/tiny")
    files = fetch("owner/tiny", cache_dir=tmp_path / "hub", endpoint=unreachable)
    assert files.label == "tiny"
    assert files.weights.is_file()


def test_a_model_is_downloaded_once(tmp_path: Path, hub: Hub) -> None:
    for _ in range(2):
        files = fetch("owner/tiny", cache_dir=tmp_path / "hub", endpoint=hub.address)
    assert files.pooling is Pooling.CLS
    fetched = [line for line in hub.asked if line.startswith("GET") and line.endswith("model.safetensors")]
    assert len(fetched) == 1
    embedder = OnnxEmbedder(files, threads=1, precision="int8", cache_dir=tmp_path)
    assert embedder.version.startswith("tiny-int8-")


def test_formats_that_may_hold_code_are_not_downloaded(tmp_path: Path, hub: Hub) -> None:
    for name in ("pytorch_model.bin", "modeling_custom.py", "tf_model.h5"):
        (hub.folder / name).write_bytes(b"code")
    folder = fetch("owner/tiny", cache_dir=tmp_path / "hub", endpoint=hub.address).weights.parent
    assert {path.suffix for path in folder.rglob("*") if path.is_file()} == {".json", ".safetensors"}


def test_a_revision_may_be_pinned(tmp_path: Path, hub: Hub) -> None:
    fetch("owner/tiny@v1", cache_dir=tmp_path / "hub", endpoint=hub.address)
    assert any("/revision/v1" in line for line in hub.asked)


def test_a_hub_out_of_reach_is_told_with_what_to_do(tmp_path: Path, unreachable: str) -> None:
    with pytest.raises(ConfigurationError, match="copy the model's folder"):
        fetch("owner/tiny", cache_dir=tmp_path / "hub", endpoint=unreachable)


def test_a_model_that_the_hub_does_not_have_is_told(tmp_path: Path, hub: Hub) -> None:
    with pytest.raises(ConfigurationError, match="could not be downloaded"):
        fetch("owner/other", cache_dir=tmp_path / "hub", endpoint=hub.address)
