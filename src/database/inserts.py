"""Inserts that both databases understand."""

from __future__ import annotations

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from src.database.models import Base


def insert_new(session: Session, model: type[Base]) -> Any:
    """An INSERT that leaves a row that is there already alone (ON CONFLICT DO NOTHING)."""
    if session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(model).on_conflict_do_nothing()
    return sqlite.insert(model).on_conflict_do_nothing()
