"""A disk without room is told apart from a fault."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError

from src.core.shortage import shortage
from src.database.engine import WRITES, make_engine


def test_a_database_without_room_is_a_shortage(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'small.sqlite3'}")
    with engine.execution_options(**{WRITES: True}).connect() as connection:
        connection.execute(text("PRAGMA max_page_count = 4"))
        connection.execute(text("CREATE TABLE things (words TEXT)"))
        with pytest.raises(OperationalError) as raised:
            connection.execute(text("INSERT INTO things VALUES (:words)"), {"words": "x" * 100_000})
    engine.dispose()
    told = shortage(raised.value)
    assert told is not None
    assert "The disk is full" in told.detail


def test_a_file_system_without_room_is_a_shortage_also_as_the_cause_of_another_failure() -> None:
    with (
        pytest.raises(OSError, match="No space left") as raised,
        open("/dev/full", "wb", buffering=0) as full,
    ):
        full.write(b"x")
    assert shortage(raised.value)
    outer = RuntimeError("the file was not kept")
    outer.__cause__ = raised.value
    assert shortage(outer)


def test_postgresql_without_room_is_a_shortage() -> None:
    error = psycopg.errors.DiskFull("could not extend file")
    wrapped = DBAPIError("INSERT", {}, error)
    wrapped.__cause__ = error
    assert shortage(wrapped)


@pytest.mark.parametrize(
    "error", [KeyError("x"), FileNotFoundError(2, "no"), psycopg.OperationalError("away")]
)
def test_other_failures_are_none(error: Exception) -> None:
    assert shortage(error) is None
