"""Statements that are given to the driver itself, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import bindparam, insert, select
from sqlalchemy.exc import IntegrityError

from src.database.models import SearchRecord
from src.database.prepared import Prepared
from src.database.uow import Database

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
NEW = Prepared(lambda _: insert(SearchRecord.__table__))  # type: ignore[arg-type]
ASKED_BY = Prepared(
    lambda _: select(SearchRecord.id, SearchRecord.query).where(
        (SearchRecord.user_id == bindparam("reader")) | (SearchRecord.id == bindparam("reader")),
        SearchRecord.index_version == "one",
    )
)


def values(id_: str, reader: str) -> dict[str, object]:
    return {
        "id": id_,
        "user_id": reader,
        "query": "wo fährt der Bus? 🚌",
        "request": {"k": 10, "filters": None},
        "collection_ids": ["c"],
        "hits": [{"rank": 1}],
        "index_version": "one",
        "models": {},
        "experiment_id": None,
        "took_ms": {"total": 1.5},
        "at": AT,
    }


def test_what_is_written_is_read_back_by_models_and_by_a_prepared_statement(database: Database) -> None:
    with database.begin() as work:
        NEW.run(work.connection, values("a", "anna"))
        NEW.run(work.connection, values("b", "bert"))
        work.commit()
    with database.read() as work:
        record = work.session.get_one(SearchRecord, "a")
        assert (record.request, record.hits, record.at) == ({"k": 10, "filters": None}, [{"rank": 1}], AT)
        found = ASKED_BY.rows(work.connection, {"reader": "bert"})
        assert [tuple(row) for row in found] == [("b", "wo fährt der Bus? 🚌")]
        assert len(ASKED_BY.rows(work.connection, {"reader": "a"})) == 1  # one value, wanted twice


def test_what_is_not_committed_is_gone(database: Database) -> None:
    with database.begin() as work:
        NEW.run(work.connection, values("a", "anna"))
    with database.read() as work:
        assert ASKED_BY.rows(work.connection, {"reader": "anna"}) == []


def test_reading_stays_on_one_snapshot(database: Database) -> None:
    if database.dialect == "postgresql":
        pytest.skip("PostgreSQL reads what was committed last, here as everywhere")
    with database.read() as work:
        assert ASKED_BY.rows(work.connection, {"reader": "anna"}) == []
        with database.begin() as writing:
            NEW.run(writing.connection, values("a", "anna"))
            writing.commit()
        assert ASKED_BY.rows(work.connection, {"reader": "anna"}) == []
    with database.read() as work:
        assert len(ASKED_BY.rows(work.connection, {"reader": "anna"})) == 1


def test_errors_are_those_of_the_engine(database: Database) -> None:
    with database.begin() as work:
        NEW.run(work.connection, values("a", "anna"))
        with pytest.raises(IntegrityError):
            NEW.run(work.connection, values("a", "anna"))


def test_a_value_that_is_not_given_is_an_error(database: Database) -> None:
    with database.read() as work, pytest.raises(KeyError):
        ASKED_BY.rows(work.connection, {})


def test_many_rows_are_written_at_once(database: Database) -> None:
    with database.begin() as work:
        NEW.run_each(work.connection, [values(name, "anna") for name in "abc"])
        work.commit()
    with database.read() as work:
        assert sorted(id_ for id_, _ in ASKED_BY.rows(work.connection, {"reader": "anna"})) == ["a", "b", "c"]
