"""A search while the database cannot be reached: it fails at once, and never waits for what cannot come."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from src.core.messages.questions import Search
from tests.support.application import House


def test_a_search_fails_while_the_database_takes_no_connection(house: House) -> None:
    engine = house.application.database.engine
    here: list[bool] = []

    def refuse(*_: Any) -> None:
        if here:
            raise sqlite3.OperationalError("unable to open database file")

    event.listen(engine, "do_connect", refuse)
    agent = next(a for a in house.application.orchestrator.agents if a.name == "retrieval")
    with ThreadPoolExecutor(1) as one:
        here.append(True)
        engine.dispose()
        try:
            found = one.submit(agent.search, Search(query="a pump"), house.context())  # type: ignore[attr-defined]
            with pytest.raises(OperationalError, match="unable to open"):
                found.result(timeout=10)
        finally:
            here.clear()
    assert house.ask(Search(query="a pump")).hits == ()
