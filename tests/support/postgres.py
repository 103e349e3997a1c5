"""A private PostgreSQL cluster for the tests: own folder, own port, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from .programs import find_postgres, without
from .servers import free_port, server

# What is emptied is planned like what is new: nobody counts rows meanwhile.
_FAST = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "autovacuum=off")
_INITIAL = ("--username=stoa", "--auth=trust", "--encoding=UTF8", "--locale=C")
_LEAVE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %(name)s"
_EMPTY = """
DO $$ DECLARE thing text; filled text[]; found boolean; BEGIN
    FOR thing IN SELECT oid::regclass FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
    LOOP
        EXECUTE 'SELECT EXISTS (SELECT FROM ' || thing || ')' INTO found;
        IF found THEN filled := filled || thing; END IF;
    END LOOP;
    IF filled IS NOT NULL THEN
        EXECUTE 'TRUNCATE ' || array_to_string(filled, ', ') || ' CASCADE';
    END IF;
    FOR thing IN SELECT oid::regclass FROM pg_class
        WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace
    LOOP PERFORM setval(thing::regclass, 1, false); END LOOP;
END $$
"""
_ACCOUNTS = ("postgres", "nobody")


class Cluster:
    """A running cluster whose only role is ``stoa``; ``url`` names its maintenance database."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = self.url_of("postgres")
        self._filled: set[str] = set()
        self._spare: list[str] = []

    def url_of(self, database: str) -> str:
        """The SQLAlchemy URL of a database in this cluster."""
        return f"postgresql+psycopg://stoa@127.0.0.1:{self.port}/{database}"

    @contextmanager
    def database(self) -> Iterator[str]:
        """The URL of a fresh, empty database, dropped at the end whoever is still connected."""
        name = f"test_{uuid4().hex}"
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
        try:
            yield self.url_of(name)
        finally:
            self.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    @contextmanager
    def filled(self, fill: Callable[[str], None]) -> Iterator[str]:
        """The URL of a database that ``fill`` made tables in, and that has no rows. At the end it is emptied,
        whoever is still connected, and lent again: that takes a tenth of the time of making one."""
        name = self._spare.pop() if self._spare else f"filled_{uuid4().hex}"
        if name not in self._filled:
            self.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
            fill(self.url_of(name))
            self._filled.add(name)
        try:
            yield self.url_of(name)
        finally:
            self.execute(_LEAVE, {"name": name})
            self.execute(_EMPTY, within=name)
            self._spare.append(name)

    def execute(
        self, statement: str, values: dict[str, str] | None = None, *, within: str = "postgres"
    ) -> None:
        with psycopg.connect(self.url_of(within).replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(statement.encode(), values)


@contextmanager
def cluster(programs: Path, *, durable: bool = False) -> Iterator[Cluster]:
    """Start a cluster from the folder of PostgreSQL's programs.

    PostgreSQL refuses to run as root, so root lends it an account that owns nothing here. ``durable``
    keeps the real cost of a commit, for measurements.
    """
    user = _account() if os.geteuid() == 0 else None
    home = Path(tempfile.mkdtemp(prefix="stoa-postgres-", dir="/tmp"))
    try:
        if user is not None:
            os.chown(home, user, user)
        subprocess.run(
            [programs / "initdb", "-D", home / "data", *_INITIAL, *(() if durable else ("--no-sync",))],
            check=True,
            capture_output=True,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            cwd=home,
        )
        port = free_port()
        settings = [f"unix_socket_directories={home}", "listen_addresses=127.0.0.1", "max_connections=200"]
        options = [part for value in [*settings, *(() if durable else _FAST)] for part in ("-c", value)]
        with server(
            [programs / "postgres", "-D", home / "data", "-p", str(port), *options],
            ready=lambda: _answers(port),
            log=home / "log",
            user=user,
        ) as process:
            yield Cluster(port)
            process.send_signal(signal.SIGINT)  # the fast shutdown: clients are not waited for
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _account() -> int:
    for name in _ACCOUNTS:
        try:
            return pwd.getpwnam(name).pw_uid
        except KeyError:
            continue
    raise RuntimeError("PostgreSQL refuses root, and neither 'postgres' nor 'nobody' is an account here")


def _answers(port: int) -> bool:
    try:
        psycopg.connect(f"postgresql://stoa@127.0.0.1:{port}/postgres", connect_timeout=1).close()
    except psycopg.OperationalError:
        return False
    return True


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[Cluster]:
    programs = find_postgres()
    if programs is None:
        without("PostgreSQL is not installed here (Debian: apt install postgresql)")
    with cluster(programs) as running:
        yield running


@pytest.fixture(scope="session")
def postgres_url(postgres_cluster: Cluster) -> str:
    """The SQLAlchemy URL of the cluster's maintenance database: nothing is to be made in it."""
    return postgres_cluster.url


@pytest.fixture
def postgres_database(postgres_cluster: Cluster) -> Iterator[str]:
    """The SQLAlchemy URL of a fresh database."""
    with postgres_cluster.database() as url:
        yield url
