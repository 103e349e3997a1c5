"""A workshop on a fresh database of each kind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from src.database.uow import Database
from tests.support.workshop import MovableClock, Workshop


@pytest.fixture
def workshop(database_url: str) -> Iterator[Workshop]:
    clock = MovableClock()
    database = Database(database_url, clock)
    yield Workshop(database, clock)
    database.close()
