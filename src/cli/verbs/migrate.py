"""``migrate``: the database to this version's schema, without starting anything."""

from __future__ import annotations

from src.bootstrap import prepare_folder
from src.cli import exits
from src.cli.main import Invocation
from src.cli.output import console
from src.core.clock import SystemClock
from src.database.schema import upgrade
from src.database.uow import Database


def run(invocation: Invocation) -> int:
    """Say whether there was something to do."""
    settings = invocation.settings()
    prepare_folder(settings.data_dir)
    database = Database(settings.database, SystemClock())
    try:
        changed = upgrade(database.engine)
    finally:
        database.close()
    console().print("The database was brought up to date." if changed else "The database is up to date.")
    return exits.OK
