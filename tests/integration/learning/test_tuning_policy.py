"""The embedding model is tuned by itself when there are votes enough for it, and where torch is there."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from src.agents.fine_tuner.agent import FineTunerAgent
from src.agents.fine_tuner.tuning import TuningPolicy
from src.core.clock import new_id
from src.core.jobs import JobState
from src.core.messages.jobs import ListJobs
from src.core.messages.learning import OverviewLearning
from src.core.messages.training import ListTrainingRuns, RunState
from src.database.models import RatingRecord, TrainingRunRecord
from tests.support.application import House, make_settings, running
from tests.support.laboratory import Laboratory
from tests.support.schooling import TOPICS, School

POLICY = TuningPolicy(first=20)


def votes(laboratory: Laboratory, count: int) -> None:
    with laboratory.database.begin() as work:
        for _ in range(count):
            key, now = new_id(), work.now()
            work.session.add(
                RatingRecord(
                    id=key,
                    user_id=laboratory.owner.user_id,
                    object_key=key,
                    kind="hit",
                    search_id=key,
                    collection_id=laboratory.collection_id,
                    passage_id="p1",
                    content_key="c1",
                    question=key,
                    question_key=key,
                    verdict="up",
                    reasons=[],
                    state="counted",
                    created_at=now,
                    updated_at=now,
                )
            )
        work.commit()


def run(laboratory: Laboratory, state: str, **values: Any) -> None:
    with laboratory.database.begin() as work:
        work.training_runs.add(
            TrainingRunRecord(
                id=new_id(),
                collection_id=laboratory.collection_id,
                trainer=values.pop("trainer", "full"),
                state=state,
                configuration={"up_votes": values.pop("up_votes", 0)},
                seed=0,
                environment={},
                curves={},
                figures={},
                created_at=work.now(),
                finished_at=work.now(),
                **values,
            )
        )
        work.commit()


def due(
    laboratory: Laboratory,
    *,
    hours: float = 0.0,
    available: bool = True,
    policy: TuningPolicy = POLICY,
) -> str | None:
    now: datetime = laboratory.database.clock.now() + timedelta(hours=hours)
    with laboratory.database.read() as work:
        return policy.due(work, now, available=available).get(laboratory.collection_id)


def test_it_is_due_from_500_up_votes_and_from_250_where_passages_are_short(laboratory: Laboratory) -> None:
    policy = TuningPolicy()
    assert policy.first == 500
    votes(laboratory, 249)
    assert due(laboratory, policy=policy) is None
    votes(laboratory, 1)
    assert "tuned from 250" in (due(laboratory, policy=policy) or "")
    long = TuningPolicy(short=-1)
    assert due(laboratory, policy=long) is None
    votes(laboratory, 250)
    assert due(laboratory, policy=long) == "500 up-votes; the embedding model is tuned from 500"
    assert due(laboratory, policy=TuningPolicy(automatic=False)) is None


def test_the_next_one_waits_for_the_pause_and_for_half_as_many_votes_again(laboratory: Laboratory) -> None:
    votes(laboratory, 20)
    run(laboratory, "succeeded", up_votes=20, trainer="ladder")
    assert due(laboratory) is not None, "another trainer's run is no run of this one"
    run(laboratory, "succeeded", up_votes=20, dataset_id="d")
    votes(laboratory, 9)
    assert due(laboratory, hours=25) is None
    votes(laboratory, 1)
    assert due(laboratory, hours=23) is None
    assert due(laboratory, hours=25) == "30 up-votes, 10 more than when the embedding model was last tuned"


def test_a_run_that_lacked_a_few_votes_is_made_up_for_with_a_few_more(laboratory: Laboratory) -> None:
    votes(laboratory, 20)
    run(laboratory, "refused", up_votes=20, dataset_id="d")
    votes(laboratory, 1)
    assert due(laboratory, hours=25) is None
    votes(laboratory, 1)
    assert due(laboratory, hours=25) is not None


def test_what_is_missing_is_said_once_and_made_up_for_as_soon_as_it_is_there(laboratory: Laboratory) -> None:
    votes(laboratory, 20)
    assert due(laboratory, available=False) is not None
    run(laboratory, "refused", up_votes=20)
    votes(laboratory, 60)
    assert due(laboratory, available=False, hours=100) is None
    assert due(laboratory, available=True) is not None


def test_one_run_at_a_time_in_all(laboratory: Laboratory) -> None:
    other = laboratory.collection()
    for collection_id, queued in ((laboratory.collection_id, True), (laboratory.collection_id, False)):
        with laboratory.database.begin() as work:
            assert POLICY.enqueue(work, collection_id, "for a test") is queued
            work.commit()
    with laboratory.database.begin() as work:
        assert not POLICY.enqueue(work, other, "for a test")


def test_without_torch_the_run_that_is_due_says_so_once_and_the_ladder_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("src.services.training.child.find_spec", lambda name: None)
    settings = make_settings(tmp_path / "data", tuning_from=12, training_pause_s=0.0)
    with running(settings) as application:
        school = School(House(application), topics=8)
        school.vote(TOPICS[:8])
        agent = next(a for a in application.orchestrator.agents if isinstance(a, FineTunerAgent))
        for _ in range(2):
            agent.tune_where_due(school.house.context())
            for job in school.house.ask(ListJobs(collection_id=school.collection_id)).items:
                assert school.house.finished(job.id).state is JobState.SUCCEEDED
        (told,) = school.house.ask(ListTrainingRuns(collection_id=school.collection_id)).items
        assert (told.trainer, told.state) == ("full", RunState.REFUSED)
        assert "make train" in (told.reason or "")
        assert told.configuration["why"].startswith("8 up-votes; where passages are short")
        (overview,) = school.house.ask(OverviewLearning(collection_id=school.collection_id)).items
        assert overview.run_state is None
