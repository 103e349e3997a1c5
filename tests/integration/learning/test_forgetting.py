"""A deleted user or document takes along what was said of it, and models that learned of it are replaced."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from src.agents.fine_tuner.policy import TrainingPolicy
from src.core.caller import Caller
from src.core.errors import ConflictError, ForbiddenError, NotFoundError
from src.core.messages.accounts import CreateUser, DeleteUser, UpdateUser
from src.core.messages.collections import GetCollection
from src.core.messages.documents import DeleteDocument
from src.core.messages.feedback import NoteSignal, RateAnswer, RateHit, SignalKind, Verdict
from src.core.messages.golden import AcceptGoldenQuestion
from src.core.messages.learning import LearningOverview, OverviewLearning
from src.core.messages.models import GetModel, ListModels, ModelState
from src.core.messages.questions import AskQuestion, Search
from src.core.messages.training import ListTrainingRuns, StartTraining, TrainingRun
from src.database.models import (
    AnswerRecord,
    ConversationRecord,
    EventRecord,
    ExampleRecord,
    GoldenQuestionRecord,
    RatingRecord,
    SearchRecord,
    SignalRecord,
)
from src.services import registry
from src.web.pages.learning.loop import steps
from tests.integration.feedback.conftest import Team
from tests.support.application import House, make_settings, running, wait_for
from tests.support.schooling import TOPICS, School

QUESTION = "How many days does a parcel to an island take?"
AGAIN = "How many days does a parcel to the islands take?"


def prior(team: Team, passage_id: str) -> float:
    hits = {hit.passage_id: hit for hit in team.search(AGAIN, team.ada).hits}
    return hits[passage_id].scores.prior or 0.0


def rows(team: Team, user: Caller) -> dict[str, int]:
    """What the database knows of a user, by table."""
    kinds = (AnswerRecord, ConversationRecord, RatingRecord, SearchRecord, SignalRecord)
    with team.house.application.database.read() as work:
        return {
            kind.__tablename__: len(
                list(work.session.scalars(select(kind.id).where(kind.user_id == user.user_id)))
            )
            for kind in kinds
        }


def test_a_deleted_user_leaves_nothing_and_is_forgotten_at_once(team: Team) -> None:
    found = team.search(QUESTION, team.ben)
    hit = found.hits[-1]
    rate = RateHit(query_id=found.query_id, passage_id=hit.passage_id, verdict=Verdict.UP)
    rating = team.ask(rate, team.ben)
    team.checked(rating.id)
    wait_for(lambda: prior(team, hit.passage_id) > 0.08)
    answer = team.answer(QUESTION, team.ben)
    team.ask(RateAnswer(answer_id=answer.answer_id, verdict=Verdict.DOWN), team.ben)
    team.ask(NoteSignal(kind=SignalKind.LEFT, query_id=found.query_id), team.ben)
    accept = AcceptGoldenQuestion(collection_id=team.collection, rating_id=rating.id)
    team.ask(accept, team.house.caller)
    assert min(rows(team, team.ben).values()) >= 1
    team.quiet()
    team.ask(DeleteUser(user_id=team.ben.user_id or ""), team.house.caller)
    assert set(rows(team, team.ben).values()) == {0}
    wait_for(lambda: prior(team, hit.passage_id) == 0.0)
    with team.house.application.database.read() as work:
        golden = select(GoldenQuestionRecord.id).where(GoldenQuestionRecord.rating_id == rating.id)
        assert work.session.scalar(golden) is None
        told = work.session.scalars(select(EventRecord).where(EventRecord.topic == "user.deleted.v1"))
        payloads = [event.payload for event in told if event.payload["user_id"] == team.ben.user_id]
    assert [payload["collection_ids"] for payload in payloads] == [[team.collection]]
    with pytest.raises(NotFoundError):
        team.ask(DeleteUser(user_id=team.ben.user_id or ""), team.house.caller)


def test_collections_of_a_deleted_user_stay_for_administrators(team: Team) -> None:
    team.ask(DeleteUser(user_id=team.ada.user_id or ""), team.house.caller)
    kept = team.ask(GetCollection(collection_id=team.collection), team.house.caller)
    assert (kept.owner, kept.documents["indexed"]) == (None, 3)


def test_nobody_deletes_themselves_or_the_last_administrator_and_others_delete_nobody(team: Team) -> None:
    ask, admin = team.house.ask, team.house.caller
    with pytest.raises(ConflictError, match="your own"):
        ask(DeleteUser(user_id=admin.user_id or ""))
    with pytest.raises(ForbiddenError):
        ask(DeleteUser(user_id=team.ben.user_id or ""), team.ada)
    with pytest.raises(ConflictError, match="only administrator"):
        ask(DeleteUser(user_id=admin.user_id or ""), Caller.agent("accounts"))
    name = f"second-{team.collection[-8:]}"
    second = ask(CreateUser(username=name, password=SecretStr("a long one"), roles=("admin",)))
    ask(UpdateUser(user_id=second.id, disabled=True))
    for request in (
        DeleteUser(user_id=admin.user_id or ""),
        UpdateUser(user_id=admin.user_id or "", disabled=True),
        UpdateUser(user_id=admin.user_id or "", roles=("reader",)),
    ):
        with pytest.raises(ConflictError, match="only administrator"):
            ask(request, Caller.agent("accounts"))
    ask(DeleteUser(user_id=second.id))


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    """Votes on 66 questions, of which a reader who will leave gave four."""
    folder = tmp_path_factory.mktemp("school") / "data"
    with running(make_settings(folder, training_pause_s=1e6)) as application:
        school = School(House(application))
        assert len(school.vote(TOPICS[:62])) >= 56
        yield school


def train(school: School) -> TrainingRun:
    request = StartTraining(collection_id=school.collection_id)
    open_ = [run for run in listed(school) if run.finished_at is None]
    for run in open_:
        school.house.finished(run.job_id or "")
    job = school.house.finished(school.house.ask(request, school.owner).job_id)
    return next(run for run in listed(school) if run.job_id == job.id)


def listed(school: School) -> tuple[TrainingRun, ...]:
    return school.house.ask(ListTrainingRuns(collection_id=school.collection_id, limit=500)).items


def overview(school: School) -> LearningOverview:
    (found,) = school.house.ask(OverviewLearning(collection_id=school.collection_id)).items
    return found


def live(school: School) -> str:
    models = school.house.ask(ListModels(collection_id=school.collection_id, state=ModelState.LIVE)).items
    return models[0].id


def promote(school: School, run: TrainingRun) -> str:
    """The model of a run, promoted without waiting for a trial."""
    assert run.model_id is not None, run.reason
    wait_for(lambda: _judged(school, run.model_id or ""))
    with school.house.application.database.begin() as work:
        work.collections.hold(school.collection_id, alone=True)
        registry.promote(work, work.models.get(run.model_id), by="ada", reason="Better.", evidence={})
        work.commit()
    return run.model_id


def _judged(school: School, model_id: str) -> bool:
    return len(school.house.ask(GetModel(model_id=model_id), school.owner).changes) > 1


def leaver(school: School) -> Caller:
    """A reader who votes on four questions of their own."""
    others, person = school.readers, school.person("leaver")
    school.readers = (person,)
    assert len(school.vote(TOPICS[62:66])) >= 3
    school.readers = others
    return person


def of_deleted(school: School, run: TrainingRun, ids: set[str]) -> bool:
    with school.house.application.database.read() as work:
        query = select(ExampleRecord).where(ExampleRecord.dataset_id == run.dataset_id)
        return any({row.rating_id, row.document_id} & ids for row in work.session.scalars(query))


def due(school: School) -> str | None:
    later = school.house.application.database.clock.now() + timedelta(hours=1)
    with school.house.application.database.read() as work:
        return TrainingPolicy().due(work, later).get(school.collection_id)


def test_a_model_that_learned_from_a_deleted_user_is_replaced_and_all_of_it_is_told(school: School) -> None:
    person = leaver(school)
    with school.house.application.database.read() as work:
        said = select(RatingRecord.id).where(RatingRecord.user_id == person.user_id)
        theirs = set(work.session.scalars(said))
    before = train(school)
    assert of_deleted(school, before, theirs)
    model_id = promote(school, before)
    assert (overview(school).votes_gone, due(school)) == (0, None)
    school.house.ask(DeleteUser(user_id=person.user_id or ""))
    number = len(theirs)
    assert (overview(school).votes_gone, overview(school).retrain_due) == (number, True)
    step = next(step for step in steps(overview(school)) if step.name == "training")
    assert step.figure == "retrain due"
    assert step.detail.startswith(f"{number} votes are gone that the live model learned from")
    marked = school.house.ask(GetModel(model_id=model_id), school.owner)
    assert (marked.votes_gone, marked.card["must_forget"]) == (number, number)
    assert due(school) == f"{number} of the votes that were trained on are gone"
    after = train(school)
    assert not of_deleted(school, after, theirs)
    made = school.house.ask(GetModel(model_id=after.model_id or ""), school.owner)
    assert made.card["forgets"].startswith(f"{number} votes that the live model learned from are gone")
    wait_for(lambda: live(school) != model_id)
    told = school.house.ask(GetModel(model_id=model_id), school.owner)
    assert told.state is ModelState.RETIRED
    assert f"learned from {number} votes that were deleted with a user or a document" in (told.reason or "")
    assert (overview(school).votes_gone, due(school)) == (0, None)


def test_a_model_that_learned_from_a_deleted_document_is_replaced(school: School) -> None:
    before = train(school)
    model_id = promote(school, before)
    with school.house.application.database.read() as work:
        taken = (row for row in work.datasets.examples(before.dataset_id or "") if row.excluded is None)
        document_id = next(row.document_id for row in taken if row.document_id)
    school.house.ask(DeleteDocument(document_id=document_id), school.owner)
    assert not of_deleted(school, before, {document_id})
    assert overview(school).votes_gone >= 1
    assert "trained on are gone" in (due(school) or "")
    after = train(school)
    assert not of_deleted(school, after, {document_id})
    wait_for(lambda: live(school) != model_id)
    assert overview(school).votes_gone == 0


def test_where_too_little_is_left_to_learn_from_the_default_ranks_again(school: School) -> None:
    person = leaver(school)
    model_id = promote(school, train(school))
    school.house.ask(DeleteUser(user_id=person.user_id or ""))
    for reader in school.readers:
        school.house.ask(DeleteUser(user_id=reader.user_id or ""))
    assert due(school) is not None, "although no vote is left"
    run = train(school)
    assert (run.state, run.model_id) == ("refused", None)
    wait_for(lambda: live(school) != model_id)
    told = school.house.ask(GetModel(model_id=live(school)), school.owner)
    assert told.kind == "default"
    assert "no other takes its place: 0 questions with a usable up-vote" in (told.reason or "")


def test_asking_goes_on_while_a_user_is_deleted(team: Team) -> None:
    answer = team.answer(QUESTION, team.ben)
    team.ask(DeleteUser(user_id=team.ben.user_id or ""), team.house.caller)
    late = team.house.ask(AskQuestion(question=QUESTION, collection_ids=(team.collection,)), team.ada)
    assert late.answer_id != answer.answer_id
    assert team.house.ask(Search(query=QUESTION), team.ada).hits
