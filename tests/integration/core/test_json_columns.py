"""What columns of JSON keep, on SQLite and on PostgreSQL."""

from __future__ import annotations

from typing import Any

import pytest

from src.core.clock import new_id
from src.core.messages.questions import Scores
from src.database.models import SearchRecord
from src.database.uow import Database


def kept(database: Database, request: dict[str, Any]) -> dict[str, Any]:
    search_id = new_id()
    with database.begin() as work:
        work.searching.keep(
            id=search_id,
            user_id=None,
            query="how",
            request=request,
            collection_ids=[],
            hits=[],
            index_version="",
            models={},
            experiment_id=None,
            took_ms={},
            at=database.clock.now(),
        )
        work.commit()
    with database.read() as work:
        found = work.session.get_one(SearchRecord, search_id).request
        assert isinstance(found, dict)
        return found


@pytest.mark.parametrize(
    "value",
    [
        {
            "words": "größer ≤ 3 – 日本 🙂",
            "none": None,
            "yes": True,
            "list": [1, 2.5, "x"],
            "quote": "\"'\\\n\t",
        },
        {"surrogate": "name\udcff.txt", "beside": "é"},
    ],
)
def test_what_is_kept_comes_back(database: Database, value: dict[str, Any]) -> None:
    assert kept(database, value) == value


def test_a_message_is_kept_as_its_fields(database: Database) -> None:
    scores = Scores(dense=0.5, lexical=None, identifier=None, fused=0.5, prior=None, rerank=None)
    assert kept(database, {"scores": scores}) == {"scores": scores.model_dump(mode="json")}
