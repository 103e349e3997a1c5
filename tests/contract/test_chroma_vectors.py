"""ChromaVectorIndex in a folder of its own and on a real Chroma server."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from uuid import uuid4

import pytest

from src.core.errors import ConfigurationError, UnavailableError
from src.core.ports import VectorIndex
from src.services.vectors.chroma import ChromaVectorIndex
from src.services.vectors.ownership import FolderOwnership
from tests.support.chroma import chroma
from tests.support.servers import free_port

from .vector_index_contract import DIMENSIONS, VectorIndexContract, fill, names, unit_vectors

_OTHER_PROCESS = """
import sys
from pathlib import Path
import numpy as np
from src.services.vectors.chroma import ChromaVectorIndex

vectors = ChromaVectorIndex.embedded(Path(sys.argv[1]))
vectors.create("index", 32)
rows = np.random.default_rng(0).normal(size=(100_000, 32)).astype(np.float32)
rows /= np.linalg.norm(rows, axis=1, keepdims=True)
for start in range(0, 100_000, 250):
    ids = [f"passage-{number:05d}" for number in range(start, start + 250)]
    vectors.upsert("index", ids, rows[start : start + 250])
    print(start + 250, flush=True)
"""


class TestEmbeddedChroma(VectorIndexContract):
    @pytest.fixture(scope="class")
    @classmethod
    def folder(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        return tmp_path_factory.mktemp("vectors")

    @pytest.fixture(scope="class")
    @classmethod
    def vectors(cls, folder: Path) -> Iterator[VectorIndex]:
        embedded = ChromaVectorIndex.embedded(folder)
        yield embedded
        embedded.close()

    def test_what_was_written_is_there_after_reopening(self, tmp_path: Path, index: str) -> None:
        rows = unit_vectors(2500)
        for _ in range(2):
            vectors = ChromaVectorIndex.embedded(tmp_path)
            vectors.create(index, DIMENSIONS)
            vectors.upsert(index, names(2500), rows)
            vectors.close()
        vectors = ChromaVectorIndex.embedded(tmp_path)
        assert vectors.ids(index) == set(names(2500))
        assert vectors.search(index, rows[17], 1)[0].passage_id == "passage-00017"
        vectors.close()

    def test_a_second_owner_of_the_folder_is_refused_by_the_first_ones_process_id(
        self, tmp_path: Path
    ) -> None:
        first = ChromaVectorIndex.embedded(tmp_path)
        with pytest.raises(ConfigurationError, match=rf"in use by process {os.getpid()}\b"):
            ChromaVectorIndex.embedded(tmp_path)
        first.close()
        ChromaVectorIndex.embedded(tmp_path).close()

    def test_a_damaged_folder_is_refused_with_the_next_step_and_not_kept_locked(self, tmp_path: Path) -> None:
        (tmp_path / "chroma.sqlite3").write_bytes(b"no database" * 1000)
        with pytest.raises(ConfigurationError, match=r"cannot be opened.*reindex"):
            ChromaVectorIndex.embedded(tmp_path)
        FolderOwnership(tmp_path).release()

    def test_a_dropped_index_leaves_no_files(self, vectors: VectorIndex, folder: Path, index: str) -> None:
        def folders() -> set[str]:
            return {entry.name for entry in folder.iterdir() if entry.is_dir()}

        fill(vectors, "kept")
        before = folders()
        fill(vectors, index)
        assert len(folders() - before) == 1
        vectors.drop(index)
        assert folders() == before
        assert len(vectors.search("kept", unit_vectors(1)[0], 5)) == 5

    def test_a_process_killed_while_it_writes_leaves_a_usable_index(self, tmp_path: Path) -> None:
        for acknowledged_before_the_kill in (250, 2500):
            acknowledged = _killed_while_writing(tmp_path, acknowledged_before_the_kill)
            vectors = ChromaVectorIndex.embedded(tmp_path)
            assert vectors.ids("index") >= set(names(acknowledged))
            rows = unit_vectors(acknowledged)
            vectors.upsert("index", names(acknowledged), rows)
            for row in (0, acknowledged // 2, acknowledged - 1):
                hits = vectors.search("index", rows[row], 1, names(acknowledged))
                assert hits[0].score == pytest.approx(1.0, abs=1e-5)
            vectors.close()


def _killed_while_writing(folder: Path, enough: int) -> int:
    """Run a writer, kill it once it has written ``enough`` rows, and say how many it had acknowledged."""
    writer = subprocess.Popen(
        [sys.executable, "-c", _OTHER_PROCESS, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    with writer.stdout as lines:
        acknowledged = 0
        while acknowledged < enough:
            line = lines.readline()
            assert line, "the writer ended by itself"
            acknowledged = int(line)
        writer.send_signal(signal.SIGKILL)
        acknowledged = max([acknowledged, *map(int, lines.read().split())])
    writer.wait()
    return acknowledged


class TestChromaServer(VectorIndexContract):
    @pytest.fixture(scope="class")
    @classmethod
    def vectors(cls, chroma_server: str) -> Iterator[VectorIndex]:
        client = ChromaVectorIndex.server(chroma_server)
        yield client
        client.close()

    def test_two_processes_worth_of_clients_see_each_others_writes_at_once(
        self, vectors: VectorIndex, chroma_server: str, index: str
    ) -> None:
        other = ChromaVectorIndex.server(chroma_server)
        vectors.create(index, DIMENSIONS)
        other.upsert(index, names(3), unit_vectors(3))
        assert len(vectors.search(index, unit_vectors(1)[0], 5)) == 3
        other.drop(index)
        other.create(index, DIMENSIONS)
        other.upsert(index, ["anew"], unit_vectors(1))
        assert [hit.passage_id for hit in vectors.search(index, unit_vectors(1)[0], 5)] == ["anew"]
        other.close()


@pytest.mark.parametrize("how", ["SIGTERM", "SIGKILL"])
def test_a_restarted_server_has_every_row_and_the_client_goes_on(tmp_path: Path, how: str) -> None:
    rows, port = unit_vectors(3000), free_port()
    with chroma(tmp_path, port=port) as url:
        vectors = ChromaVectorIndex.server(url)
        vectors.create("index", DIMENSIONS)
        vectors.upsert("index", names(3000), rows)
        if how == "SIGKILL":
            _kill_listener(port)
    with pytest.raises(UnavailableError):
        vectors.search("index", rows[0], 1)
    with chroma(tmp_path, port=port):
        assert vectors.ids("index") == set(names(3000))
        for row in (0, 1500, 2999):
            assert vectors.search("index", rows[row], 1)[0].passage_id == f"passage-{row:05d}"
        vectors.close()


def _kill_listener(port: int) -> None:
    inode = next(
        line.split()[9]
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
        if line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "0A"
    )
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(entry.readlink().name == f"socket:[{inode}]" for entry in (process / "fd").iterdir()):
                os.kill(int(process.name), signal.SIGKILL)
        except OSError:
            continue


def test_a_server_that_is_not_there_or_silent_is_unavailable_in_good_time() -> None:
    absent = ChromaVectorIndex.server(f"http://127.0.0.1:{free_port()}")
    with pytest.raises(UnavailableError, match="STOA_CHROMA_URL"):
        absent.indexes()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        started = time.monotonic()
        mute = ChromaVectorIndex.server(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout_s=0.3)
        with pytest.raises(UnavailableError):
            mute.ids("index")
        assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (502, "<html>Bad gateway</html>"),
        (401, '{"error": "ChromaAuthError", "message": "Who are you?"}'),
        (200, "<html>Sign in first</html>"),
    ],
)
def test_what_a_proxy_answers_in_the_place_of_chroma_is_unavailable(status: int, body: str) -> None:
    with _proxy(status, body) as url:
        vectors = ChromaVectorIndex.server(url)
        for ask in (lambda: vectors.search("index", unit_vectors(1)[0], 1), vectors.indexes):
            with pytest.raises(UnavailableError, match="vector store failed"):
                ask()
        vectors.close()


@contextmanager
def _proxy(status: int, body: str) -> Iterator[str]:
    """Lets a client of Chroma connect, and answers all else itself."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told = {"user_id": "", "tenant": "default_tenant", "databases": ["default_database"]}
            if "/tenants/" in self.path:
                told = {"id": str(uuid4()), "name": "default", "tenant": "default_tenant"}
            mine = "/collections" in self.path
            sent = (body if mine else json.dumps(told)).encode()
            self.send_response(status if mine else 200)
            self.send_header("content-length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        do_POST = do_GET  # noqa: N815 - the name that the server looks for

        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://host", "http://host/path", "http://"])
def test_a_url_of_no_chroma_server_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="http://host:8000"):
        ChromaVectorIndex.server(url)


def test_chroma_works_without_the_kubernetes_package(tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['kubernetes'] = None\n"
        "from pathlib import Path\n"
        "import numpy as np\n"
        "from src.services.vectors.chroma import ChromaVectorIndex\n"
        f"vectors = ChromaVectorIndex.embedded(Path({str(tmp_path)!r}))\n"
        "vectors.create('index', 4)\n"
        "vectors.upsert('index', ['a'], np.eye(4, dtype=np.float32)[:1])\n"
        "print(vectors.search('index', np.eye(4, dtype=np.float32)[0], 3)[0].passage_id)\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["a"]
