"""Bringing a database's schema up to date with Alembic."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from src.core.errors import ConfigurationError

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


def migration_config(engine: Engine) -> Config:
    """Alembic's configuration for this engine; no ini file is needed."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["engine"] = engine
    return config


def upgrade(engine: Engine, revision: str = "head") -> bool:
    """Run the migrations up to ``revision``; True where there was something to do.

    Raises ConfigurationError where the database cannot be opened, or is of a newer Stoa.
    """
    try:
        with engine.connect() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
    except OperationalError as error:
        where = engine.url.render_as_string(hide_password=True)
        raise ConfigurationError(
            f"The database {where} cannot be opened ({_cause(error)}); check that it runs and that "
            "STOA_DATABASE_URL or the data folder's permissions are right."
        ) from error
    scripts = ScriptDirectory(str(MIGRATIONS))
    known = {script.revision for script in scripts.walk_revisions()}
    if current is not None and current not in known:
        raise ConfigurationError(
            f"The database was written by a newer Stoa (schema {current}); start that version, "
            "or restore a backup."
        )
    target = scripts.get_current_head() if revision == "head" else revision
    if current == target:
        return False
    command.upgrade(migration_config(engine), revision)
    return True


def downgrade(engine: Engine, revision: str) -> None:
    """Run the migrations down to ``revision`` (``base`` removes everything)."""
    command.downgrade(migration_config(engine), revision)


def _cause(error: OperationalError) -> str:
    return str(error.orig).strip().splitlines()[0] if error.orig else "no answer"
