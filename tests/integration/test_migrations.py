"""The migrations, up and down and against the models, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from src.core.errors import ConfigurationError
from src.database.engine import WRITES, make_engine
from src.database.models import Base
from src.database.schema import downgrade, upgrade
from src.services.lexical.tables import metadata as lexical


@pytest.fixture
def engine(empty_database_url: str) -> Iterator[Engine]:
    made = make_engine(empty_database_url)
    yield made
    made.dispose()


def differences(engine: Engine) -> list[object]:
    tables = [Base.metadata, lexical] if engine.dialect.name == "postgresql" else [Base.metadata]
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, tables))


def test_the_migrated_schema_is_that_of_the_models(engine: Engine) -> None:
    assert upgrade(engine)
    assert differences(engine) == []


def test_an_up_to_date_schema_is_left_alone(engine: Engine) -> None:
    upgrade(engine)
    assert not upgrade(engine)


def test_every_migration_can_be_taken_back_and_done_again(engine: Engine) -> None:
    upgrade(engine)
    downgrade(engine, "0001")
    assert upgrade(engine)
    downgrade(engine, "base")
    assert inspect(engine).get_table_names() == ["alembic_version"]
    assert upgrade(engine)
    assert differences(engine) == []


def test_a_database_of_a_newer_stoa_is_refused(engine: Engine) -> None:
    upgrade(engine)
    with engine.connect() as plain:
        connection = plain.execution_options(**{WRITES: True})
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        connection.commit()
    with pytest.raises(ConfigurationError, match="newer Stoa"):
        upgrade(engine)


def test_a_database_that_cannot_be_reached_says_what_to_check() -> None:
    engine = make_engine("postgresql://stoa@127.0.0.1:1/stoa")
    with pytest.raises(ConfigurationError, match="STOA_DATABASE_URL"):
        upgrade(engine)
    engine.dispose()


def test_a_file_that_is_no_database_says_what_it_is(tmp_path: Path) -> None:
    file = tmp_path / "stoa.sqlite3"
    file.write_text("not a database")
    engine = make_engine(f"sqlite:///{file}")
    with pytest.raises(ConfigurationError, match="file is not a database"):
        upgrade(engine)
    engine.dispose()
