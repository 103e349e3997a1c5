"""Bringing a database's schema up to date with Alembic."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import DatabaseError

from src.core.errors import ConfigurationError

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


def migration_config(engine: Engine) -> Config:
    """Alembic's configuration for this engine; no ini file is needed."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["engine"] = engine
    return config


def upgrade(engine: Engine, revision: str = "head") -> bool:
    """Run the migrations up to ``revision``; True where there was something to do.

    Raises ConfigurationError where the database cannot be opened, or is of a newer Stoa.
    """
    try:
        current = _current(engine)
    except DatabaseError as error:
        where = engine.url.render_as_string(hide_password=True)
        raise ConfigurationError(
            f"The database {where} cannot be opened ({_cause(error)}); check that it runs, that it "
            "is undamaged, and that STOA_DATABASE_URL or the data folder's permissions are right."
        ) from error
    # Alembic takes a while to import: most starts have nothing to migrate and go without it.
    known = sorted(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))
    if current is not None and current not in known:
        raise ConfigurationError(
            f"The database was written by a newer Stoa (schema {current}); start that version, "
            "or restore a backup."
        )
    if current == (known[-1] if revision == "head" else revision):
        return False
    from alembic import command

    command.upgrade(migration_config(engine), revision)
    return True


def downgrade(engine: Engine, revision: str) -> None:
    """Run the migrations down to ``revision`` (``base`` removes everything)."""
    from alembic import command

    command.downgrade(migration_config(engine), revision)


def _current(engine: Engine) -> str | None:
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        version: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return version


def _cause(error: DatabaseError) -> str:
    return str(error.orig).strip().splitlines()[0] if error.orig else "no answer"
