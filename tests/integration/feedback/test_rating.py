"""Rating answers, citations and hits: what is kept, for whom, and what is told of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import delete, select

from src.core.caller import Caller
from src.core.errors import AppError, ForbiddenError, NotFoundError
from src.core.messages.base import Request
from src.core.messages.collections import UpdateCollection, Visibility
from src.core.messages.documents import DeleteDocument
from src.core.messages.feedback import (
    AnswerRatings,
    ListFeedback,
    RateAnswer,
    RateCitation,
    RateHit,
    Rating,
    RatingKind,
    RatingState,
    Reason,
    UnrateAnswer,
    UnrateCitation,
    UnrateHit,
    Verdict,
)
from src.database.models import PassageRecord, RatingRecord, SearchRecord
from src.database.repositories.feedback import QuestionVectors
from src.services.text.questions import question_key
from tests.integration.feedback.conftest import Team

QUESTION = "How long does a parcel to an island take?"


def test_a_rated_hit_keeps_what_was_shown_and_where(team: Team) -> None:
    found = team.search(QUESTION, team.ben)
    hit = found.hits[1]
    rated = team.ask(
        RateHit(query_id=found.query_id, passage_id=hit.passage_id, verdict=Verdict.UP), team.ben
    )
    assert (rated.kind, rated.verdict, rated.place) == (RatingKind.HIT, Verdict.UP, 2)
    assert (rated.query_id, rated.question) == (found.query_id, QUESTION)
    assert (rated.document_id, rated.collection_id) == (hit.document_id, team.collection)
    assert (rated.rated_by, rated.state) == (team.ben.username, RatingState.NEW)
    with team.house.application.database.read() as work:
        record = work.session.scalars(select(RatingRecord).where(RatingRecord.id == rated.id)).one()
        passage = work.session.get(PassageRecord, hit.passage_id)
        assert passage is not None
        assert record.content_key == passage.embedding_key
        assert record.question_key == question_key(QUESTION)


def test_a_rating_counts_as_soon_as_it_is_checked_and_its_question_has_a_vector(team: Team) -> None:
    found = team.search(QUESTION, team.ben)
    hit = found.hits[0]
    rated = team.ask(
        RateHit(query_id=found.query_id, passage_id=hit.passage_id, verdict=Verdict.DOWN), team.ben
    )
    team.checked(rated.id)
    (given,) = team.events("rating.given.v1", 1)
    assert given["rating_id"] == rated.id
    assert (given["kind"], given["verdict"], given["place"]) == ("hit", "down", 1)
    assert (given["search_id"], given["passage_id"]) == (found.query_id, hit.passage_id)
    assert (given["collection_id"], given["experiment_id"]) == (team.collection, None)
    assert given["user_id"] == team.ben.user_id
    embedder = team.house.application.adapters.embedder
    with team.house.application.database.read() as work:
        vectors = QuestionVectors(work.session).find([question_key(QUESTION)], embedder.version)
    assert vectors[given["question_key"]] @ embedder.embed_query(QUESTION) == pytest.approx(1.0, abs=1e-4)


def test_an_answer_is_rated_with_reasons_words_and_a_correction(team: Team) -> None:
    answer = team.answer(QUESTION, team.ben)
    rated = team.ask(
        RateAnswer(
            answer_id=answer.answer_id,
            verdict=Verdict.DOWN,
            stars=2,
            reasons=(Reason.OUTDATED, Reason.INCOMPLETE, Reason.OUTDATED),
            comment="  The ferry sails daily now. ",
            correction="Three working days.",
        ),
        team.ben,
    )
    assert (rated.kind, rated.stars, rated.question) == (RatingKind.ANSWER, 2, answer.condensed)
    assert rated.reasons == (Reason.INCOMPLETE, Reason.OUTDATED)
    assert (rated.comment, rated.correction) == ("The ferry sails daily now.", "Three working days.")
    assert (rated.query_id, rated.collection_id, rated.passage_id) == (answer.query_id, team.collection, None)
    told = str(team.events("rating.received.v1", 1) + team.events("rating.given.v1", 1))
    assert "ferry" not in told
    assert "Three" not in told


def test_a_rated_citation_knows_its_passage_and_the_rank_it_was_shown_at(team: Team) -> None:
    answer = team.answer(QUESTION, team.ben)
    cited = answer.citations[0]
    rated = team.ask(
        RateCitation(answer_id=answer.answer_id, marker=cited.marker, verdict=Verdict.UP), team.ben
    )
    ranks = {hit.passage_id: hit.rank for hit in answer.passages}
    assert (rated.passage_id, rated.place) == (cited.passage_id, ranks[cited.passage_id])
    assert (rated.marker, rated.document_id) == (cited.marker, cited.document_id)
    with pytest.raises(NotFoundError):
        team.ask(RateCitation(answer_id=answer.answer_id, marker="99", verdict=Verdict.UP), team.ben)


def test_a_second_rating_changes_the_first_and_the_same_one_changes_nothing(team: Team) -> None:
    answer = team.answer(QUESTION, team.ben)
    up = RateAnswer(answer_id=answer.answer_id, verdict=Verdict.UP, stars=5)
    first = team.ask(up, team.ben)
    team.checked(first.id)
    again = team.ask(up, team.ben)
    assert (again.id, again.state, again.updated_at) == (
        first.id,
        RatingState.COUNTED,
        team.checked(first.id).updated_at,
    )
    changed = team.ask(RateAnswer(answer_id=answer.answer_id, verdict=Verdict.DOWN), team.ben)
    assert (changed.id, changed.verdict, changed.stars) == (first.id, Verdict.DOWN, None)
    assert changed.created_at == first.created_at
    assert changed.updated_at > first.updated_at
    team.checked(first.id)
    given = [(event["rating_id"], event["verdict"]) for event in team.events("rating.given.v1", 2)]
    assert given == [(first.id, "up"), (first.id, "down")]
    team.events("rating.received.v1", 2)


def test_ratings_of_one_thing_at_the_same_time_become_one(team: Team) -> None:
    found = team.search(QUESTION, team.ben)
    hit = found.hits[0].passage_id

    def rate(number: int) -> str:
        verdict = Verdict.UP if number % 2 else Verdict.DOWN
        rated: Rating = team.ask(RateHit(query_id=found.query_id, passage_id=hit, verdict=verdict), team.ben)
        return rated.id

    with ThreadPoolExecutor(6) as pool:
        ids = set(pool.map(rate, range(18)))
    assert len(ids) == 1
    team.quiet()
    (rating,) = team.ask(ListFeedback(), team.ben).items
    assert rating.state is RatingState.COUNTED
    (last, *_) = reversed(team.events("rating.given.v1", None))
    assert (last["rating_id"], last["verdict"]) == (rating.id, rating.verdict)


def test_a_rating_is_taken_back_once_and_told_once(team: Team) -> None:
    answer = team.answer(QUESTION, team.ben)
    cited, hit = answer.citations[0], answer.passages[0]
    team.ask(RateAnswer(answer_id=answer.answer_id, verdict=Verdict.UP), team.ben)
    team.ask(RateCitation(answer_id=answer.answer_id, marker=cited.marker, verdict=Verdict.UP), team.ben)
    team.ask(RateHit(query_id=answer.query_id, passage_id=hit.passage_id, verdict=Verdict.UP), team.ben)
    own = team.ask(AnswerRatings(answer_id=answer.answer_id), team.ben).items
    assert {rating.kind for rating in own} == set(RatingKind)
    for _ in range(2):
        team.ask(UnrateAnswer(answer_id=answer.answer_id), team.ben)
        team.ask(UnrateCitation(answer_id=answer.answer_id, marker=cited.marker), team.ben)
        team.ask(UnrateHit(query_id=answer.query_id, passage_id=hit.passage_id), team.ben)
    assert team.ask(AnswerRatings(answer_id=answer.answer_id), team.ben).items == ()
    retracted = team.events("rating.retracted.v1", 3)
    assert {event["kind"] for event in retracted} == {"answer", "citation", "hit"}


def test_only_what_was_shown_to_oneself_can_be_rated(team: Team) -> None:
    found, answer = team.search(QUESTION, team.ben), team.answer(QUESTION, team.ben)
    shown = found.hits[0].passage_id
    attempts = [
        (RateHit(query_id=found.query_id, passage_id=shown, verdict=Verdict.UP), team.ada),
        (RateHit(query_id=found.query_id, passage_id="unshown", verdict=Verdict.UP), team.ben),
        (RateHit(query_id="nowhere", passage_id=shown, verdict=Verdict.UP), team.ben),
        (RateAnswer(answer_id=answer.answer_id, verdict=Verdict.UP), team.ada),
        (RateAnswer(answer_id=answer.answer_id, verdict=Verdict.UP), team.house.caller),
        (RateCitation(answer_id=answer.answer_id, marker="1", verdict=Verdict.UP), team.ada),
        (AnswerRatings(answer_id=answer.answer_id), team.ada),
    ]
    for request, caller in attempts:
        with pytest.raises(NotFoundError):
            team.ask(request, caller)
    hit = RateHit(query_id=found.query_id, passage_id=shown, verdict=Verdict.UP)
    with pytest.raises(ForbiddenError):
        team.ask(hit, Caller.agent("answer"))


def test_a_rating_of_what_was_not_shown_to_oneself_cannot_be_taken_back(team: Team) -> None:
    found, answer = team.search(QUESTION, team.ben), team.answer(QUESTION, team.ben)
    shown = found.hits[0].passage_id
    attempts: list[tuple[Request[None], Caller]] = [
        (UnrateHit(query_id=found.query_id, passage_id=shown), team.ada),
        (UnrateHit(query_id=found.query_id, passage_id="unshown"), team.ben),
        (UnrateHit(query_id="nowhere", passage_id=shown), team.ben),
        (UnrateAnswer(answer_id=answer.answer_id), team.ada),
        (UnrateAnswer(answer_id="nowhere"), team.ben),
        (UnrateCitation(answer_id=answer.answer_id, marker="1"), team.ada),
        (UnrateCitation(answer_id=answer.answer_id, marker="99"), team.ben),
    ]
    for request, caller in attempts:
        with pytest.raises(NotFoundError):
            team.ask(request, caller)
    team.ask(UnrateHit(query_id=found.query_id, passage_id=shown), team.ben)


def test_a_rating_is_taken_back_when_the_search_that_showed_the_passage_is_kept_no_more(team: Team) -> None:
    found = team.search(QUESTION, team.ben)
    place = {"query_id": found.query_id, "passage_id": found.hits[0].passage_id}
    rated = team.ask(RateHit(**place, verdict=Verdict.UP), team.ben)
    team.checked(rated.id)
    with team.house.application.database.begin() as work:
        work.session.execute(delete(SearchRecord).where(SearchRecord.id == found.query_id))
        work.commit()
    team.ask(UnrateHit(**place), team.ben)
    assert team.ask(ListFeedback(), team.ben).items == ()
    with pytest.raises(NotFoundError):
        team.ask(UnrateHit(**place), team.ben)


def test_taking_back_a_rating_that_went_with_its_document_is_harmless(team: Team) -> None:
    answer = team.answer(QUESTION, team.ben)
    cited = answer.citations[0]
    team.ask(RateCitation(answer_id=answer.answer_id, marker=cited.marker, verdict=Verdict.UP), team.ben)
    team.ask(DeleteDocument(document_id=cited.document_id), team.ada)
    team.ask(UnrateCitation(answer_id=answer.answer_id, marker=cited.marker), team.ben)


def test_ratings_are_seen_by_their_user_by_who_may_write_and_by_administrators(team: Team) -> None:
    cleo = team.member("cleo")
    rated = []
    for reader in (team.ben, cleo):
        found = team.search(QUESTION, reader)
        hit = found.hits[0].passage_id
        rated.append(
            team.ask(RateHit(query_id=found.query_id, passage_id=hit, verdict=Verdict.UP), reader).id
        )

    def seen(caller: Caller, **how: object) -> list[str]:
        return [rating.id for rating in team.ask(ListFeedback(**how), caller).items]

    assert seen(team.ben) == [rated[0]]
    assert seen(cleo, collection_id=team.collection) == [rated[1]]
    assert seen(team.ada) == seen(team.house.caller, collection_id=team.collection) == rated[::-1]
    assert seen(team.ada, mine=True) == []
    assert seen(team.ada, limit=1) == [rated[1]]
    cursor = team.ask(ListFeedback(limit=1), team.ada).next
    assert seen(team.ada, limit=1, cursor=cursor) == [rated[0]]
    latest = team.checked(rated[1]).updated_at
    assert seen(team.ada, since=latest) == [rated[1]]
    assert seen(team.ada, verdict=Verdict.DOWN) == []
    team.ask(UpdateCollection(collection_id=team.collection, visibility=Visibility.PRIVATE), team.ada)
    with pytest.raises(NotFoundError):
        seen(team.ben, collection_id=team.collection)
    assert seen(team.ben) == [rated[0]], "what one said oneself stays one's own"


def test_what_may_not_be_read_any_more_cannot_be_rated_but_a_rating_of_it_be_taken_back(team: Team) -> None:
    answer = team.answer(QUESTION, team.ben)
    rate = RateAnswer(answer_id=answer.answer_id, verdict=Verdict.UP)
    team.ask(rate, team.ben)
    team.ask(UpdateCollection(collection_id=team.collection, visibility=Visibility.PRIVATE), team.ada)
    hit = answer.passages[0].passage_id
    for request in (rate, RateHit(query_id=answer.query_id, passage_id=hit, verdict=Verdict.UP)):
        with pytest.raises(NotFoundError):
            team.ask(request, team.ben)
    team.ask(UnrateAnswer(answer_id=answer.answer_id), team.ben)
    assert team.ask(ListFeedback(), team.ben).items == ()


def test_a_deleted_document_takes_its_ratings_with_it(team: Team) -> None:
    found = team.search(QUESTION, team.ben)
    first, second = found.hits[:2]
    for hit in (first, second):
        team.ask(RateHit(query_id=found.query_id, passage_id=hit.passage_id, verdict=Verdict.UP), team.ben)
    team.ask(DeleteDocument(document_id=first.document_id), team.ada)
    assert [one.passage_id for one in team.ask(ListFeedback(), team.ben).items] == [second.passage_id]
    with pytest.raises(AppError) as refused:
        team.ask(RateHit(query_id=found.query_id, passage_id=first.passage_id, verdict=Verdict.UP), team.ben)
    assert "deleted" in refused.value.detail
