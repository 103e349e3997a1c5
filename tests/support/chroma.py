"""A real Chroma server, started by its own command."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .servers import accepts, free_port, server


@contextmanager
def chroma(folder: Path, *, port: int | None = None) -> Iterator[str]:
    """Serve ``folder`` and give the URL; the same folder may be served again afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    program = Path(sys.executable).with_name("chroma")
    with server(
        [program, "run", "--path", folder / "data", "--host", "127.0.0.1", "--port", str(port)],
        ready=lambda: accepts(port),
        log=folder / "log",
        environment={"HOME": str(folder), "ANONYMIZED_TELEMETRY": "False"},
    ):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="session")
def chroma_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of one server for the whole session: tests keep apart by their collections' names."""
    with chroma(tmp_path_factory.mktemp("chroma")) as url:
        yield url
