"""A vote works from the next search on, for questions like its own, and is taken back as quickly."""

from __future__ import annotations

from sqlalchemy import select

from src.agents.fine_tuner.memory import complete_vectors, sweep_vectors
from src.core.caller import Caller
from src.core.messages.documents import DeleteDocument
from src.core.messages.feedback import Decision, RateAnswer, RateHit, ReviewRatings, UnrateHit, Verdict
from src.core.messages.questions import Hit
from src.core.ports import Embedder
from src.database.models import CollectionRecord, QuestionVectorRecord
from src.database.repositories.feedback import QuestionVectors
from src.services.text.questions import question_key
from tests.integration.feedback.conftest import Team
from tests.support.application import wait_for
from tests.support.embedders import Watched

QUESTION = "How many days does a parcel to an island take?"
AGAIN = "How many days does a parcel to the islands take?"


def version(team: Team) -> int:
    with team.house.application.database.read() as work:
        query = select(CollectionRecord.memory_version).where(CollectionRecord.id == team.collection)
        return work.session.scalar(query) or 0


def known(team: Team, question: str) -> bool:
    embedder = team.house.application.adapters.embedder
    with team.house.application.database.read() as work:
        return bool(QuestionVectors(work.session).find([question_key(question)], embedder.version))


def vote(team: Team, verdict: Verdict, reader: Caller | None = None) -> tuple[str, Hit, str]:
    """The search, its last hit and the rating, once it is remembered."""
    before = version(team)
    found = team.search(QUESTION, reader or team.ben)
    hit = found.hits[-1]
    rating = team.ask(
        RateHit(query_id=found.query_id, passage_id=hit.passage_id, verdict=verdict), reader or team.ben
    )
    wait_for(lambda: version(team) > before)
    return found.query_id, hit, rating.id


def prior(team: Team, passage_id: str, reader: Caller) -> float:
    hits = {hit.passage_id: hit for hit in team.search(AGAIN, reader).hits}
    return hits[passage_id].scores.prior or 0.0


def test_one_up_vote_lifts_its_passage_for_everybody_who_asks_nearly_the_same(team: Team) -> None:
    query_id, hit, _ = vote(team, Verdict.UP)
    assert prior(team, hit.passage_id, team.ada) > 0.08
    assert prior(team, hit.passage_id, team.ben) > 0.08
    before = version(team)
    team.ask(UnrateHit(query_id=query_id, passage_id=hit.passage_id), team.ben)
    wait_for(lambda: version(team) > before)
    assert prior(team, hit.passage_id, team.ada) == 0.0
    team.events("memory.changed.v1", 2)


def test_a_down_vote_takes_a_little_away(team: Team) -> None:
    _, hit, _ = vote(team, Verdict.DOWN)
    assert -0.05 <= prior(team, hit.passage_id, team.ada) < 0.0


def test_what_an_administrator_discards_is_forgotten_and_what_is_released_is_remembered(team: Team) -> None:
    _, hit, rating_id = vote(team, Verdict.UP)
    for decision, remembered in ((Decision.DISCARD, False), (Decision.RELEASE, True)):
        before = version(team)
        team.ask(ReviewRatings(rating_ids=(rating_id,), decision=decision), team.house.caller)
        wait_for(lambda before=before: version(team) > before)  # type: ignore[misc]
        assert (prior(team, hit.passage_id, team.ada) > 0.0) is remembered


def test_a_deleted_document_is_not_remembered(team: Team) -> None:
    _, hit, _ = vote(team, Verdict.UP)
    before = version(team)
    team.ask(DeleteDocument(document_id=hit.document_id), team.ada)
    wait_for(lambda: version(team) > before)


def test_a_verdict_on_an_answer_as_a_whole_moves_no_passage(team: Team) -> None:
    answer = team.answer(QUESTION, team.ben)
    rated = team.ask(RateAnswer(answer_id=answer.answer_id, verdict=Verdict.UP), team.ben)
    team.checked(rated.id)
    vote(team, Verdict.UP)
    team.events("memory.changed.v1", 1)


def test_questions_get_vectors_of_another_model_when_it_comes(team: Team) -> None:
    vote(team, Verdict.UP)
    application = team.house.application
    other: Embedder = Watched(application.adapters.embedder, suffix="+other")
    ctx = application.orchestrator.context(Caller.agent("fine_tuner"))
    before = version(team)
    assert complete_vectors(application.database, other, ctx) >= 1
    assert version(team) == before + 1
    assert complete_vectors(application.database, other, ctx) == 0
    with application.database.read() as work:
        kept = QuestionVectors(work.session).find([question_key(QUESTION)], other.version)
    assert kept[question_key(QUESTION)].shape == (other.dimensions,)


def test_the_vector_of_what_nobody_asks_any_more_is_forgotten(team: Team) -> None:
    vote(team, Verdict.UP)
    application = team.house.application
    ctx = application.orchestrator.context(Caller.agent("fine_tuner"))
    complete_vectors(application.database, application.adapters.embedder, ctx)
    assert known(team, QUESTION)
    with application.database.begin() as work:
        stray = QuestionVectorRecord(question_key="f" * 64, embedding_version="none", vector=b"")
        work.session.add(stray)
        work.commit()
    sweep_vectors(application.database, ctx)
    with application.database.read() as work:
        assert work.session.get(QuestionVectorRecord, ("f" * 64, "none")) is None
    assert known(team, QUESTION)
