"""A language model makes up questions for passages that nobody asked about, within a bound."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from pydantic import SecretStr
from sqlalchemy import func, select

from src.core.messages.documents import DeleteDocument
from src.core.messages.training import ListTrainingRuns, StartTraining, TrainingRun
from src.database.models import DatasetRecord, ExampleRecord, MadeQuestionRecord
from src.database.repositories.made import MadeQuestions
from tests.support import openai_server as wire
from tests.support.application import House, make_settings, running
from tests.support.schooling import TOPICS, School
from tests.support.scripted_server import Asked, Reply, ScriptedServer, serving

PASSAGES, VOTED = 6, 34
_HEAD = re.compile(r"<passage>\n(?P<title>[^\n]*)\n(?P<text>.*)\n</passage>", re.DOTALL)


@dataclass
class Taught:
    school: School
    server: ScriptedServer
    run: TrainingRun
    failing: threading.Event

    @property
    def asked(self) -> list[Asked]:
        return [
            one
            for one in self.server.asked
            if "You write the questions" in one.body["messages"][0]["content"]
        ]


def reply(asked: Asked) -> Reply:
    """Asks for the passage by its title, then for something that no passage answers."""
    found = _HEAD.search(wire.user_text(asked))
    assert found is not None
    title = found["title"].partition(" › ")[0]
    return wire.answer(f"1. Where do I read “{title}”, please?\n", "2. What do penguins eat in zzqx winter?")


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Taught]:
    failing = threading.Event()

    def script(asked: Asked) -> Reply:
        return wire.error(401, "invalid_api_key") if failing.is_set() else reply(asked)

    with serving(script) as server:
        settings = make_settings(
            tmp_path_factory.mktemp("synthetic") / "data",
            llm="openai",
            llm_model="local",
            openai_api_key=SecretStr("sk-none"),
            openai_base_url=f"{server.url}/v1",
            learning=False,
            synthetic_passages=PASSAGES,
        )
        with running(settings) as application:
            school = School(House(application), topics=VOTED + 4)
            assert len(school.vote(TOPICS[:VOTED])) >= 30
            yield Taught(school, server, train(school), failing)


def train(school: School) -> TrainingRun:
    queued = school.house.ask(StartTraining(collection_id=school.collection_id), school.owner)
    school.house.finished(queued.job_id)
    return next(run for run in runs(school) if run.job_id == queued.job_id)


def runs(school: School) -> tuple[TrainingRun, ...]:
    return school.house.ask(ListTrainingRuns(collection_id=school.collection_id)).items


def rows(school: School, run: TrainingRun, origin: str) -> list[ExampleRecord]:
    with school.house.application.database.read() as work:
        examples = work.datasets.examples(run.dataset_id or "")
    return [row for row in examples if row.origin == origin]


def test_a_run_asks_about_so_many_passages_and_says_what_that_cost(taught: Taught) -> None:
    assert len(taught.asked) == PASSAGES
    told = taught.run.configuration["synthetic"]
    assert (told["model"], told["passages"], told["asked_about"]) == ("local", PASSAGES, PASSAGES)
    assert told["made"] == 2 * PASSAGES
    assert told["usable"] >= 1
    assert told["left_out"]["a search for the made-up question does not find its passage"] >= 1
    assert (told["input_tokens"], told["output_tokens"]) == (40 * PASSAGES, 7 * PASSAGES)
    assert told["cost_usd"] is None, "the price of a local model is not known"


def test_they_stand_in_the_data_set_in_no_fold_and_name_passage_document_and_model(taught: Taught) -> None:
    found = rows(taught.school, taught.run, "synthetic")
    taken = [row for row in found if row.excluded is None]
    assert taken
    voted = {row.content_key for row in rows(taught.school, taught.run, "hit")}
    for row in taken:
        assert (row.split, row.rating_id, row.made_by, row.weight) == (None, None, "local", 0.3)
        assert row.document_id is not None
        assert row.content_key not in voted
    assert any((row.excluded or "").startswith("a search for the made-up question") for row in found)
    with taught.school.house.application.database.read() as work:
        counts = work.session.get_one(DatasetRecord, taught.run.dataset_id).counts
    assert counts["synthetic"]["taken"] == len(taken)
    assert set(counts["origins"]) == {"hit"}, "votes are counted apart"


def test_the_rungs_of_votes_learn_as_if_there_were_none(taught: Taught) -> None:
    voted = {row.question_key for row in rows(taught.school, taught.run, "hit") if row.excluded is None}
    assert taught.run.figures["questions"] == len(voted)


def test_hard_negatives_stand_in_the_data_set_and_helped_nobody(taught: Taught) -> None:
    mined = rows(taught.school, taught.run, "negative")
    assert mined
    liked = {(row.question_key, row.content_key) for row in rows(taught.school, taught.run, "hit")}
    for row in mined:
        assert (row.label, row.split, row.made_by, row.excluded) == (0.0, None, "mining", None)
        assert row.document_id is not None
        assert (row.question_key, row.content_key) not in liked


def test_the_next_run_asks_about_other_passages(taught: Taught) -> None:
    before = {wire.user_text(one) for one in taught.asked}
    train(taught.school)
    after = {wire.user_text(one) for one in taught.asked}
    assert len(after) == 2 * PASSAGES
    assert before < after


def test_what_is_made_up_of_a_deleted_document_goes_with_it(taught: Taught) -> None:
    row = next(row for row in rows(taught.school, taught.run, "synthetic") if row.excluded is None)
    taught.school.house.ask(DeleteDocument(document_id=row.document_id or ""), taught.school.owner)
    with taught.school.house.application.database.read() as work:
        of_document = MadeQuestionRecord.document_id == row.document_id
        count = select(func.count()).select_from(MadeQuestionRecord).where(of_document)
        assert work.session.scalar(count) == 0
    assert row.id not in {one.id for one in rows(taught.school, taught.run, "synthetic")}


def test_a_model_that_fails_ends_the_asking_and_not_the_run(taught: Taught) -> None:
    taught.failing.set()
    run = train(taught.school)
    assert run.state != "failed"
    assert "language model failed" in run.configuration["synthetic"]["ended"]
    assert rows(taught.school, run, "synthetic"), "those of the runs before stay"


def test_without_a_language_model_the_run_says_so(tmp_path_factory: pytest.TempPathFactory) -> None:
    settings = make_settings(tmp_path_factory.mktemp("extractive") / "data", learning=False)
    with running(settings) as application:
        school = School(House(application), topics=3)
        school.vote(TOPICS[:2])
        run = train(school)
        told = run.configuration["synthetic"]
        with application.database.read() as work:
            assert MadeQuestions(work.session).of(school.collection_id) == []
    assert told == {"unavailable": "not available: no language model is configured"}
