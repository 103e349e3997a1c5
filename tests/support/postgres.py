"""A private PostgreSQL cluster for the tests: own folder, own port, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from .programs import find_postgres, without
from .servers import free_port, server

_FAST = ("fsync=off", "full_page_writes=off", "synchronous_commit=off")
_INITIAL = ("--username=stoa", "--auth=trust", "--encoding=UTF8", "--locale=C")
_ACCOUNTS = ("postgres", "nobody")


class Cluster:
    """A running cluster whose only role is ``stoa``; ``url`` names its maintenance database."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = self.url_of("postgres")

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

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(statement.encode())


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
