"""PostgresLexicalIndex on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, select

from src.core.errors import UnavailableError
from src.core.ports import LexicalEntry, LexicalIndex
from src.services.lexical.embedded import EmbeddedLexicalIndex
from src.services.lexical.postgres import PostgresLexicalIndex
from src.services.lexical.tables import indexes, metadata, passages, postings
from src.services.text.analyser import Analyser
from tests.support.postgres import Cluster
from tests.support.servers import free_port

from .lexical_index_contract import PASSAGES, LexicalIndexContract


class TestPostgresLexicalIndex(LexicalIndexContract):
    @pytest.fixture(scope="class")
    @classmethod
    def lexical(cls, postgres_cluster: Cluster) -> Iterator[LexicalIndex]:
        with postgres_cluster.database() as url:
            engine = create_engine(url)
            metadata.create_all(engine)
            yield PostgresLexicalIndex(engine, Analyser())
            engine.dispose()

    def test_both_indexes_rank_alike(self, lexical: LexicalIndex, index: str, tmp_path: Path) -> None:
        embedded = EmbeddedLexicalIndex(tmp_path, Analyser())
        for each in (embedded, lexical):
            each.create(index)
            each.upsert(index, PASSAGES)
        for query in ("user name", "second server of the users", "東京 name", "what is to be"):
            expected = embedded.search(index, query, 10)
            found = lexical.search(index, query, 10)
            assert [hit.passage_id for hit in found] == [hit.passage_id for hit in expected]
        assert [hit.score for hit in lexical.search(index, "user name", 9)] == pytest.approx(
            [hit.score for hit in embedded.search(index, "user name", 9)], rel=1e-4
        )
        embedded.close()


@pytest.fixture
def engine(postgres_database: str) -> Iterator[Engine]:
    engine = create_engine(postgres_database)
    metadata.create_all(engine)
    yield engine
    engine.dispose()


def test_the_totals_follow_every_write_and_a_drop_leaves_no_rows(engine: Engine) -> None:
    lexical, analyser = PostgresLexicalIndex(engine, Analyser()), Analyser()
    lexical.create("index")
    lexical.upsert("index", PASSAGES)
    lexical.upsert("index", PASSAGES[:3])
    lexical.upsert("index", [LexicalEntry("snake", "", "a much longer passage than it was before")])
    lexical.delete("index", ["camel", "stranger"])
    kept = [*PASSAGES[2:], LexicalEntry("snake", "", "a much longer passage than it was before")]
    words = sum(len(analyser.analyse(f"{entry.title}\n{entry.text}").content) for entry in kept)
    with engine.connect() as connection:
        assert tuple(connection.execute(select(indexes.c.passages, indexes.c.words)).one()) == (6, words)
    lexical.drop("index")
    with engine.connect() as connection:
        assert [connection.execute(select(table)).all() for table in (indexes, passages, postings)] == [
            []
        ] * 3


def test_a_write_that_fails_changes_nothing(engine: Engine) -> None:
    lexical = PostgresLexicalIndex(engine, Analyser())
    lexical.create("index")
    lexical.upsert("index", PASSAGES)
    before = lexical.search("index", "user name", 9)
    with pytest.raises(UnavailableError):
        lexical.upsert("index", [LexicalEntry("camel", "", "changed"), LexicalEntry("nul\x00", "", "user")])
    assert lexical.search("index", "user name", 9) == before


def test_a_database_that_cannot_be_reached_is_unavailable() -> None:
    engine = create_engine(f"postgresql+psycopg://stoa@127.0.0.1:{free_port()}/none")
    with pytest.raises(UnavailableError, match="PostgreSQL"):
        PostgresLexicalIndex(engine, Analyser()).search("index", "user", 1)
    engine.dispose()
