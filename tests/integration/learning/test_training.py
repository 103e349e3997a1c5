"""Votes become a data set, a training run and a candidate, without anybody asking for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import delete, select

from src.agents.fine_tuner.policy import TrainingPolicy
from src.agents.fine_tuner.trainers import LadderTrainer
from src.core.errors import ConflictError, ForbiddenError, InvalidRequestError, UnavailableError
from src.core.jobs import JobState
from src.core.messages.base import Request
from src.core.messages.feedback import ListFeedback
from src.core.messages.jobs import Job, ListJobs
from src.core.messages.models import GetModel, ListModels, ModelDetail
from src.core.messages.questions import Search
from src.core.messages.training import (
    DatasetExample,
    GetTrainingRun,
    ListDatasetExamples,
    ListDatasets,
    ListTrainingRuns,
    RunState,
    StartTraining,
    TrainingRun,
)
from src.database.models import EventRecord, RatingRecord
from src.services import registry
from src.services.ranking.artefact import load
from tests.support.application import House, make_settings, running, wait_for
from tests.support.databases import migrated_postgres
from tests.support.postgres import Cluster
from tests.support.schooling import TOPICS, School


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def school(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    """A collection with votes on 66 questions and the run that they set off, on each kind of database; the
    pause after it outlasts the tests."""
    folder, pause_s = tmp_path_factory.mktemp("school") / "data", 1e6
    if request.param == "sqlite":
        with running(make_settings(folder, training_pause_s=pause_s)) as application:
            yield _taught(House(application))
    else:
        cluster: Cluster = request.getfixturevalue("postgres_cluster")
        with migrated_postgres(cluster) as url:
            settings = make_settings(folder, database_url=url, training_pause_s=pause_s)
            with running(settings) as application:
                yield _taught(House(application))


def _taught(house: House) -> School:
    school = School(house)
    assert len(school.vote(TOPICS[:66])) >= 60
    wait_for(lambda: [run for run in _runs(school) if run.finished_at], timeout_s=60.0)
    return school


def _runs(school: School) -> tuple[TrainingRun, ...]:
    return school.house.ask(ListTrainingRuns(collection_id=school.collection_id, limit=500)).items


def train(school: School, **how: object) -> TrainingRun:
    request = StartTraining(collection_id=school.collection_id, **how)
    job = school.house.finished(school.house.ask(request, school.owner).job_id)
    assert job.state is JobState.SUCCEEDED, job.error
    return next(run for run in _runs(school) if run.job_id == job.id)


def model_of(school: School, run: TrainingRun) -> ModelDetail:
    assert run.model_id is not None, run.reason
    return school.house.ask(GetModel(model_id=run.model_id), school.owner)


def test_the_first_run_begins_by_itself_when_there_are_votes_enough(school: School) -> None:
    first = _runs(school)[-1]
    assert first.state is RunState.SUCCEEDED
    assert "up-votes; the first run is due at" in first.configuration["why"]
    assert first.configuration["up_votes"] >= LadderTrainer().least_questions
    assert model_of(school, first).changes[0].after == "candidate"


def test_a_run_makes_a_candidate_that_ranks_better_and_tells_how_it_came_to_be(school: School) -> None:
    run = train(school)
    assert (run.state, run.trainer, run.reason) == (RunState.SUCCEEDED, "ladder", None)
    assert run.configuration["why"] == f"asked for by {school.owner.username}"
    assert run.configuration["up_votes"] >= 60
    assert run.environment["numpy"] == np.__version__
    change = run.figures["against_default"]["all"]
    assert change["questions"] >= 50
    assert change["lower"] > 0.05, change["sentence"]
    least = min(run.curves["penalty"], key=lambda point: float(point["loss"]))
    assert least["penalty"] == run.curves["chosen_penalty"]
    assert least["loss"] < run.curves["base_loss"]
    assert any(found.code == "too_little_data" for found in run.findings)
    model = model_of(school, run)
    assert (model.changes[0].after, model.kind, model.run_id) == ("candidate", "ranker", run.id)
    assert "3 readers" in model.card["summary"]
    assert "What it looks at most in a passage, beside the default: " in model.card["summary"]
    assert not any(name in model.card["summary"] for name in model.card["weights"] if "_" in name)
    live = school.house.ask(GetModel(model_id=model.parent_id or ""), school.owner)
    assert (live.kind, live.state) == ("default", "live")
    application = school.house.application
    content = application.adapters.blobs.get(model.artefact or "")
    embedder = application.adapters.embedder
    ranker = load(content, embedding_version=embedder.version, dimensions=embedder.dimensions)
    assert ranker.weights is not None
    better = sum(_first(school, topic, run.model_id) for topic in TOPICS[66:70])
    assert better == 4, "topics that nobody voted on"


def _first(school: School, topic: str, model_id: str | None) -> bool:
    search = Search(
        query=f"How do I {topic} correctly?", collection_ids=(school.collection_id,), model_id=model_id
    )
    return school.house.ask(search, school.owner).hits[0].external_id == f"manual {topic}"


def test_the_same_votes_give_the_same_data_set_and_the_same_bits(school: School) -> None:
    one, other = train(school, seed=7), train(school, seed=7)
    assert one.dataset_id == other.dataset_id
    assert model_of(school, one).artefact == model_of(school, other).artefact
    assert one.figures == other.figures
    assert one.id != other.id


def test_a_data_set_names_the_vote_behind_each_example(school: School) -> None:
    run = train(school)
    (dataset, *_) = school.house.ask(ListDatasets(collection_id=school.collection_id), school.owner).items
    assert dataset.id == run.dataset_id
    examples: list[DatasetExample] = []
    cursor = None
    while True:
        page = school.house.ask(
            ListDatasetExamples(dataset_id=dataset.id, limit=50, cursor=cursor), school.owner
        )
        examples += page.items
        cursor = page.next
        if cursor is None:
            break
    ratings = school.house.ask(ListFeedback(collection_id=school.collection_id, limit=500)).items
    votes = [example for example in examples if example.made_by is None]
    assert {vote.rating_id for vote in votes} == {rating.id for rating in ratings}
    assert len(votes) == dataset.counts["votes"]
    with school.house.application.database.read() as work:
        readers = work.datasets.readers(dataset.id)
    assert readers.keys() == {rating.id for rating in ratings}
    assert set(readers.values()) == {reader.user_id for reader in school.readers}
    assert {vote.split for vote in votes if vote.excluded is None} == set(range(5))
    assert {(one.origin, one.split) for one in examples if one.made_by} == {("negative", None)}


def test_only_those_who_may_write_see_data_sets_and_start_runs(school: School) -> None:
    reader, house = school.readers[0], school.house
    run = train(school)
    assert house.ask(ListTrainingRuns(), reader).items != ()
    assert house.ask(GetTrainingRun(run_id=run.id), reader).id == run.id
    assert house.ask(ListDatasets(), reader).items == ()
    requests: tuple[Request[Any], ...] = (
        StartTraining(collection_id=school.collection_id),
        ListDatasets(collection_id=school.collection_id),
        ListDatasetExamples(dataset_id=run.dataset_id or ""),
    )
    for request in requests:
        with pytest.raises(ForbiddenError):
            house.ask(request, reader)


def test_a_trainer_that_is_not_there_is_named_with_its_reason(school: School) -> None:
    ask = school.house.ask
    with pytest.raises(InvalidRequestError, match="ladder"):
        ask(StartTraining(collection_id=school.collection_id, trainer="oracle"), school.owner)
    with pytest.raises(UnavailableError, match="torch"):
        ask(StartTraining(collection_id=school.collection_id, trainer="full"), school.owner)


def test_too_few_votes_are_refused_with_what_is_missing(school: School) -> None:
    other = School(school.house, topics=4)
    other.vote(TOPICS[:3])
    run = train(other)
    assert (run.state, run.model_id) == (RunState.REFUSED, None)
    assert run.reason is not None
    assert "3 questions" in run.reason
    assert f"{LadderTrainer().least_questions - 3} more" in run.reason
    assert school.house.ask(ListModels(collection_id=other.collection_id), other.owner).items == ()
    with school.house.application.database.read() as work:
        told = work.session.scalars(select(EventRecord).where(EventRecord.topic == "training.ended.v1"))
        ended = [event.payload for event in told if event.payload["run_id"] == run.id]
    assert [payload["state"] for payload in ended] == ["refused"]


def test_one_run_of_a_collection_at_a_time(school: School) -> None:
    database = school.house.application.database
    request = StartTraining(collection_id=school.collection_id)
    first = school.house.ask(request, school.owner)
    try:
        with pytest.raises(ConflictError, match=first.job_id):
            school.house.ask(request, school.owner)
    finally:
        school.house.finished(first.job_id)
    with database.read() as work:
        assert work.jobs.open("train") is None


def test_deleted_votes_are_not_in_the_next_model_and_it_says_so(school: School) -> None:
    before = train(school)
    database = school.house.application.database
    with database.begin() as work:
        theirs = select(RatingRecord.id).where(RatingRecord.user_id == school.readers[2].user_id)
        gone = set(work.session.scalars(theirs.limit(5)))
        work.session.execute(delete(RatingRecord).where(RatingRecord.id.in_(gone)))
        registry.promote(
            work, work.models.get(before.model_id or ""), by="ada", reason="Better.", evidence={}
        )
        work.commit()
    later = database.clock.now() + timedelta(hours=1)
    with database.read() as work:
        due = TrainingPolicy().due(work, later)
    assert due == {school.collection_id: "5 of the votes that were trained on are gone"}
    after = train(school)
    assert after.dataset_id != before.dataset_id
    assert "5 votes" in model_of(school, after).card["forgets"]
    assert after.configuration["votes_gone"] == 5
    with database.read() as work:
        assert TrainingPolicy().due(work, later) == {}
        examples = work.datasets.examples(after.dataset_id or "")
    assert not gone & {example.rating_id for example in examples}


def test_the_next_run_is_due_after_the_pause_when_enough_is_new(school: School) -> None:
    database = school.house.application.database
    train(school)
    often, later = TrainingPolicy(growth=0.0, step=2), database.clock.now() + timedelta(hours=1)
    with database.read() as work:
        assert often.due(work, later) == {}, "nothing is new"
    school.vote(TOPICS[:2], question="Who knows the way to {} nicely?")
    with database.read() as work:
        assert often.due(work, database.clock.now()) == {}, "the pause is not over"
        assert TrainingPolicy().due(work, later) == {}, "a quarter more are wanted"
        assert TrainingPolicy(automatic=False, growth=0.0, step=2).due(work, later) == {}
        due = often.due(work, later)
    assert due == {
        school.collection_id: f"{_runs(school)[0].configuration['up_votes'] + 2} up-votes, "
        "2 more than at the last run"
    }
    for _ in range(2):
        with database.begin() as work:
            often.enqueue(work, school.collection_id, due[school.collection_id])
            work.commit()
    open_ = [job for job in _jobs(school) if job.finished_at is None]
    assert len(open_) <= 1
    for job in open_:
        school.house.finished(job.id)
    assert _runs(school)[0].configuration["why"] == due[school.collection_id]


def _jobs(school: School) -> list[Job]:
    listed = school.house.ask(ListJobs(collection_id=school.collection_id, limit=500)).items
    return [job for job in listed if job.kind == "train"]
