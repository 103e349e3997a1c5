"""The candidates of voted questions are gathered once, for as long as a search would give the same."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from sqlalchemy import delete, select

from src.agents.fine_tuner.examples import Pool
from src.agents.fine_tuner.pools import EMPTY, packed, unpacked
from src.core.jobs import JobState
from src.core.messages.ranking import GatherPool
from src.core.messages.training import StartTraining
from src.database.models import ActivityLine, PoolRecord, RatingRecord
from tests.support.application import House, make_settings, running, wait_for
from tests.support.schooling import TOPICS, School

VOTED = 36


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    folder = tmp_path_factory.mktemp("pools") / "data"
    with running(make_settings(folder, learning=False)) as application:
        school = School(House(application), topics=VOTED)
        school.vote(TOPICS[:VOTED])
        yield school


def gathered_by_a_run(school: School) -> int:
    """How many questions a training run had to search for."""
    before = _searches(school)
    queued = school.house.ask(StartTraining(collection_id=school.collection_id), school.owner)
    assert school.house.finished(queued.job_id).state is JobState.SUCCEEDED
    return wait_for(lambda: _settled(school)) - before


def _searches(school: School) -> int:
    with school.house.application.database.read() as work:
        lines = select(ActivityLine.id).where(ActivityLine.capability == GatherPool.capability)
        return len(work.session.scalars(lines).all())


def _settled(school: School) -> int:
    """Activities are written down a moment after they ended; one more than any that was asked before."""
    school.house.ask(GatherPool(collection_id=school.collection_id, query="anything else"))
    return _searches(school)


def kept(school: School) -> set[str]:
    with school.house.application.database.read() as work:
        return set(work.session.scalars(select(PoolRecord.question_key)))


def test_a_run_gathers_only_what_is_new(school: School) -> None:
    first = gathered_by_a_run(school)
    assert first >= VOTED
    assert len(kept(school)) >= 30
    assert gathered_by_a_run(school) <= 1


def test_a_changed_collection_is_gathered_anew(school: School) -> None:
    gathered_by_a_run(school)
    school.add([{"external_id": "news", "title": "News", "text": "The kettle was moved to the cellar."}])
    assert gathered_by_a_run(school) >= 30
    assert gathered_by_a_run(school) <= 1


def test_the_pool_of_a_question_that_nobody_voted_on_any_more_is_forgotten(school: School) -> None:
    gathered_by_a_run(school)
    before = kept(school)
    with school.house.application.database.begin() as work:
        gone = work.session.scalars(select(RatingRecord.question_key).limit(1)).one()
        work.session.execute(delete(RatingRecord).where(RatingRecord.question_key == gone))
        work.commit()
    gathered_by_a_run(school)
    assert kept(school) == before - {gone}


def test_a_kept_pool_is_read_as_it_was_written() -> None:
    pool = Pool(
        ("dense", "numbers"),
        ("c1", "c2"),
        np.eye(2) / 4,
        np.array([0.5, 0.25]),
        np.array([1.0, 2.0]),
        ("a", "b"),
    )
    again = unpacked(packed(pool))
    assert (again.names, again.keys, again.documents) == (pool.names, pool.keys, pool.documents)
    for name in ("features", "dense", "fused"):
        assert np.array_equal(getattr(again, name), getattr(pool, name))
    assert unpacked(packed(EMPTY)).keys == ()
