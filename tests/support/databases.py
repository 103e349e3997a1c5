"""A fresh database of each kind for a test, with the newest schema or with none."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path

import pytest

from src.core.clock import SystemClock
from src.database.schema import upgrade
from src.database.uow import Database

from .postgres import Cluster


@cache
def migrated_file() -> bytes:
    """A SQLite database with the newest schema and nothing in it: migrated once, and copied for each test."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stoa.sqlite3"
        migrate(f"sqlite:///{path}")
        return path.read_bytes()


def migrated_sqlite(folder: Path) -> str:
    """The URL of such a copy in the folder."""
    path = folder / "stoa.sqlite3"
    path.write_bytes(migrated_file())
    return f"sqlite:///{path}"


def migrate(url: str) -> None:
    """Bring a database to the newest schema."""
    opened = Database(url, SystemClock())
    upgrade(opened.engine)
    opened.close()


def migrated_postgres(cluster: Cluster) -> AbstractContextManager[str]:
    """The URL of a database of the cluster with the newest schema."""
    return cluster.filled(migrate)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without a schema: SQLite in a file, and PostgreSQL on a real server."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'stoa.sqlite3'}"
    return str(request.getfixturevalue("postgres_database"))


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database with the newest schema and nothing in it, of each kind."""
    if request.param == "sqlite":
        yield migrated_sqlite(tmp_path)
        return
    running: Cluster = request.getfixturevalue("postgres_cluster")
    with migrated_postgres(running) as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An open database with the newest schema."""
    opened = Database(database_url, SystemClock())
    yield opened
    opened.close()
