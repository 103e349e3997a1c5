"""Inserts that both databases understand."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from src.database.models import Base


def insert_new(session: Session, model: type[Base]) -> Any:
    """An INSERT that leaves a row that is there already alone (ON CONFLICT DO NOTHING)."""
    return new_rows(model)[session.get_bind().dialect.name]


def new_rows(model: type[Base]) -> dict[str, Any]:
    """The same INSERT for each database by name, to be made once where it is made often."""
    table = model.__table__
    assert isinstance(table, Table)
    return {
        "sqlite": sqlite.insert(table).on_conflict_do_nothing().inline(),
        "postgresql": postgresql.insert(table).on_conflict_do_nothing().inline(),
    }
