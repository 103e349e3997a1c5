"""What is older than the retention time goes, on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import timedelta

from src.agents.monitor.retention import prune
from src.database.models import SignInFailureRecord
from src.database.uow import Database


def test_failed_sign_ins_of_made_up_names_are_forgotten(database: Database) -> None:
    now = database.clock.now()
    with database.begin() as work:
        for name, days in (("old", 31), ("young", 1)):
            work.sign_in_failures.open(name, now - timedelta(days=days))
        work.commit()
    prune(database, now - timedelta(days=30))
    with database.read() as look:
        assert look.session.get(SignInFailureRecord, "old") is None
        assert look.session.get(SignInFailureRecord, "young") is not None
