"""The servers that other tests stand on: they start, they are fresh, and they go."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import chromadb
import pytest
import sqlalchemy as sa
from chromadb.config import Settings

from tests.support.chroma import chroma
from tests.support.postgres import Cluster
from tests.support.servers import accepts, free_port, server


def test_a_fresh_database_is_empty_and_speaks_utf8(postgres_database: str) -> None:
    engine = sa.create_engine(postgres_database)
    with engine.begin() as connection:
        assert sa.inspect(connection).get_table_names() == []
        connection.execute(sa.text("CREATE TABLE words (word text)"))
        connection.execute(sa.text("INSERT INTO words VALUES ('Grüße 🌍')"))
        assert connection.scalar(sa.text("SELECT word FROM words")) == "Grüße 🌍"
    engine.dispose()


def test_a_database_goes_although_somebody_is_connected(postgres_cluster: Cluster) -> None:
    with postgres_cluster.database() as url:
        engine = sa.create_engine(url, poolclass=sa.NullPool)
        connection = engine.connect()
        connection.execute(sa.text("SELECT 1"))
    with pytest.raises(sa.exc.OperationalError):
        connection.execute(sa.text("SELECT 1"))
    connection.invalidate()
    connection.close()
    with pytest.raises(sa.exc.OperationalError, match="does not exist"), engine.connect():
        pass


def test_a_chroma_server_keeps_its_rows_over_a_restart(tmp_path: Path) -> None:
    with chroma(tmp_path) as url:
        collection = _client(url).create_collection("kept", embedding_function=None)
        collection.add(ids=["a"], embeddings=[[1.0, 0.0]])
    with chroma(tmp_path) as url:
        found = _client(url).get_collection("kept", embedding_function=None).query([[1.0, 0.1]], n_results=1)
    assert found["ids"] == [["a"]]


def test_a_program_that_stops_early_is_told_with_its_last_words(tmp_path: Path) -> None:
    command = ["sh", "-c", "echo no such luck >&2; exit 3"]
    attempt = server(command, ready=lambda: False, log=tmp_path / "log")
    with pytest.raises(RuntimeError, match="no such luck"), attempt:
        pass


def test_a_port_that_nobody_serves_does_not_accept() -> None:
    assert not accepts(free_port())


def _client(url: str) -> chromadb.ClientAPI:
    parts = urlsplit(url)
    settings = Settings(anonymized_telemetry=False)
    return chromadb.HttpClient(host=parts.hostname or "", port=parts.port or 0, settings=settings)
