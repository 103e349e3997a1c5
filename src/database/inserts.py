"""Inserts that both databases understand."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from src.database.models import Base


def insert_new(session: Session, model: type[Base]) -> Any:
    """An INSERT that leaves a row that is there already alone (ON CONFLICT DO NOTHING)."""
    table = model.__table__
    assert isinstance(table, Table)
    if session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()
