"""A fresh, migrated database of each kind for a test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from src.core.clock import SystemClock
from src.database.schema import upgrade
from src.database.uow import Database


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database: SQLite in a file, and PostgreSQL on a real server."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'stoa.sqlite3'}"
    return str(request.getfixturevalue("postgres_database"))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An open database with the newest schema."""
    opened = Database(database_url, SystemClock())
    upgrade(opened.engine)
    yield opened
    opened.close()
