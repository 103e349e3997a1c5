"""What searches keep of the votes between them and find by them, on SQLite and on PostgreSQL."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import numpy as np
import pytest
from sqlalchemy import event

from src.agents.retrieval.rankers import Memories
from src.core.clock import new_id
from src.database.models import RatingRecord
from src.database.repositories.feedback import QuestionVectors
from src.database.repositories.searching import LiveIndex
from src.database.repositories.votes import passages_with
from src.services.text.questions import question_key
from tests.support.laboratory import Laboratory


def index(collection_id: str) -> LiveIndex:
    nothing = dict.fromkeys(LiveIndex.__slots__)
    known = {"id": new_id(), "collection_id": collection_id, "embedding_version": "v1", "memory_version": 1}
    return LiveIndex(**{**nothing, **known})  # type: ignore[arg-type]  # the rest does not matter here


def test_a_search_of_hundreds_of_collections_reads_no_votes_that_it_has_read(laboratory: Laboratory) -> None:
    memories, now = Memories(), laboratory.database.clock.now()
    indexes = [index(new_id()) for _ in range(300)]
    said: list[str] = []
    event.listen(laboratory.database.engine, "before_cursor_execute", lambda *told: said.append(told[2]))
    counts = []
    for _ in range(2):
        with laboratory.database.read() as work:
            for each in indexes:
                memories.of(work, each, now)
        counts.append(sum("ratings" in statement for statement in said))
        said.clear()
    assert counts == [300, 0]


def test_of_the_searches_that_meet_new_votes_one_reads_them(laboratory: Laboratory) -> None:
    memories, now, mine = Memories(), laboratory.database.clock.now(), index(new_id())
    said: list[str] = []
    together = Barrier(6)

    def reading(*told: Any) -> None:
        if "ratings" in told[2]:
            said.append(told[2])
            time.sleep(0.3)

    def search(_: int) -> None:
        with laboratory.database.read() as work:
            together.wait(20)
            memories.of(work, mine, now)

    event.listen(laboratory.database.engine, "before_cursor_execute", reading)
    with ThreadPoolExecutor(6) as readers:
        list(readers.map(search, range(6)))
    assert len(said) == 1


def test_a_vote_weighs_less_as_time_goes_by_where_nothing_else_is_said(laboratory: Laboratory) -> None:
    database, now = laboratory.database, laboratory.database.clock.now()
    question = "How long does it take?"
    columns: dict[str, Any] = {"kind": "hit", "search_id": new_id(), "passage_id": "p1", "reasons": []}
    with database.begin() as work:
        QuestionVectors(work.session).add({question_key(question): np.array([1, 0, 0, 0], "<f4")}, "v1")
        work.session.add(
            RatingRecord(
                id=new_id(),
                user_id=laboratory.readers[0].user_id,
                object_key="hit",
                collection_id=laboratory.collection_id,
                content_key=question_key("p1"),
                question=question,
                question_key=question_key(question),
                verdict="up",
                state="counted",
                created_at=now,
                updated_at=now,
                **columns,
            )
        )
        work.commit()
    memories, mine = Memories(), index(laboratory.collection_id)
    with database.read() as work:
        ages = [memories.of(work, mine, now + timedelta(days=days)).entries[0].age_days for days in (0, 365)]
    assert ages == pytest.approx([0, 365], abs=0.01)


def test_any_number_of_contents_is_looked_up(laboratory: Laboratory) -> None:
    contents = [question_key(str(number)) for number in range(70_000)]
    with laboratory.database.read() as work:
        assert passages_with(work.session, laboratory.collection_id, None, contents) == []
