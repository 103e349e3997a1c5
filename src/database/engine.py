"""Engines for SQLite (the default) and PostgreSQL."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from pydantic_core import PydanticSerializationError, to_json
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, OperationalError

from src.core.errors import ConfigurationError

WRITES = "stoa_writes"
RELAXED = "stoa_relaxed"
BUSY_TIMEOUT_MS = 30_000


def make_engine(url: str, *, pool_size: int = 40) -> Engine:
    """An engine whose transactions begin as the execution options ``WRITES`` and ``RELAXED`` say.

    Writing transactions of SQLite begin IMMEDIATE: a transaction that reads first and writes later
    would otherwise fail when another one wrote in between. A relaxed transaction is durable against the
    death of the process, but its last moments may be lost when the machine loses power; all others are
    on the disk when commit returns. Raises ConfigurationError for a URL that is neither database's.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ConfigurationError("STOA_DATABASE_URL is not an SQLAlchemy URL.") from error
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        engine = create_engine(
            parsed,
            pool_size=pool_size,
            max_overflow=pool_size,
            # The one used last knows the statements and has the pages that are read most.
            pool_use_lifo=True,
            connect_args={"check_same_thread": False, "timeout": BUSY_TIMEOUT_MS / 1000},
            json_serializer=_json,
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    if backend == "postgresql":
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        engine = create_engine(
            parsed,
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_use_lifo=True,
            pool_pre_ping=True,
            json_serializer=_json,
        )
        event.listen(engine, "begin", _begin_postgresql)
        return engine
    raise ConfigurationError(f"STOA_DATABASE_URL names {backend}; Stoa runs on sqlite and postgresql.")


def _json(value: Any) -> str:
    """In a quarter of the time that the standard library takes, which serves what UTF-8 cannot hold: it
    escapes lone surrogates."""
    try:
        return to_json(value).decode()
    except PydanticSerializationError:
        return json.dumps(value)


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver would open transactions by itself, too late and never IMMEDIATE: we say BEGIN.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA wal_autocheckpoint = 4000")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA cache_size = -16000")
    cursor.execute("PRAGMA temp_store = MEMORY")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # Said to the driver itself: a statement through the engine costs as much as the whole transaction.
    pooled = connection.connection
    options = connection.get_execution_options()
    begin = "BEGIN"
    if options.get(WRITES):
        begin = "BEGIN IMMEDIATE"
        wanted = "NORMAL" if options.get(RELAXED) else "FULL"
        if pooled.info.get("synchronous") != wanted:
            pooled.cursor().execute(f"PRAGMA synchronous = {wanted}")
            pooled.info["synchronous"] = wanted
    try:
        pooled.cursor().execute(begin)
    except sqlite3.OperationalError as error:
        raise OperationalError(begin, None, error) from error


def _begin_postgresql(connection: Connection) -> None:
    if connection.get_execution_options().get(RELAXED):
        connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
