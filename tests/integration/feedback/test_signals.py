"""What readers do without saying anything, and what outlives the retention time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from src.agents.monitor.retention import prune
from src.core.errors import NotFoundError
from src.core.messages.feedback import (
    ListFeedback,
    NoteSignal,
    RateHit,
    SignalKind,
    UnrateHit,
    Verdict,
)
from src.database.models import SignalRecord
from tests.integration.feedback.conftest import Team
from tests.support.application import wait_for

QUESTION = "How long does a parcel to an island take?"


def signals(team: Team, query_id: str) -> list[SignalRecord]:
    with team.house.application.database.read() as work:
        query = select(SignalRecord).where(SignalRecord.search_id == query_id).order_by(SignalRecord.kind)
        return list(work.session.scalars(query))


def test_signals_are_counted_with_the_rank_and_apart_from_ratings(team: Team) -> None:
    answer = team.answer(QUESTION, team.ben)
    hit = answer.passages[1]
    opened = NoteSignal(kind=SignalKind.OPENED, query_id=answer.query_id, passage_id=hit.passage_id)
    for _ in range(3):
        team.ask(opened, team.ben)
    copied = NoteSignal(kind=SignalKind.COPIED, query_id=answer.query_id, answer_id=answer.answer_id)
    team.ask(copied, team.ben)
    by_kind = {one.kind: one for one in signals(team, answer.query_id)}
    assert (by_kind["opened"].count, by_kind["opened"].place) == (3, 2)
    assert by_kind["opened"].collection_id == team.collection
    assert (by_kind["copied"].count, by_kind["copied"].answer_id) == (1, answer.answer_id)
    assert team.ask(ListFeedback(collection_id=team.collection), team.ada).items == ()


def test_signals_are_of_what_was_shown_to_oneself(team: Team) -> None:
    answer, other = team.answer(QUESTION, team.ben), team.answer("When are goods refunded?", team.ben)
    shown = answer.passages[0].passage_id
    wrong = [
        (NoteSignal(kind=SignalKind.LEFT, query_id=answer.query_id), team.ada),
        (NoteSignal(kind=SignalKind.LEFT, query_id=other.query_id, answer_id=answer.answer_id), team.ben),
        (NoteSignal(kind=SignalKind.OPENED, query_id=answer.query_id, passage_id="unshown"), team.ben),
        (NoteSignal(kind=SignalKind.OPENED, query_id="nowhere", passage_id=shown), team.ben),
    ]
    for request, caller in wrong:
        with pytest.raises(NotFoundError):
            team.ask(request, caller)


def test_a_question_that_is_asked_again_in_other_words_is_noticed(team: Team) -> None:
    first = team.answer(QUESTION, team.ben)
    team.answer("When are goods refunded?", team.ben)
    team.answer("Parcel to an island: how long does it take??", team.ben)
    (noted,) = wait_for(lambda: signals(team, first.query_id))
    assert (noted.kind, noted.answer_id, noted.user_id) == ("asked_again", first.answer_id, team.ben.user_id)


def test_a_rated_search_outlives_the_retention_time(team: Team) -> None:
    database = team.house.application.database
    rated, unrated = team.search(QUESTION, team.ben), team.search(QUESTION, team.ben)
    hit = rated.hits[0].passage_id
    given = team.ask(RateHit(query_id=rated.query_id, passage_id=hit, verdict=Verdict.UP), team.ben)
    team.ask(NoteSignal(kind=SignalKind.OPENED, query_id=rated.query_id, passage_id=hit), team.ben)
    team.checked(given.id)

    def kept() -> list[bool]:
        with database.read() as work:
            return [work.searches.find(one.query_id) is not None for one in (rated, unrated)]

    assert kept() == [True, True]
    prune(database, database.clock.now() + timedelta(seconds=1))
    assert kept() == [True, False]
    assert signals(team, rated.query_id) == []
    team.ask(UnrateHit(query_id=rated.query_id, passage_id=hit), team.ben)
    prune(database, database.clock.now() + timedelta(seconds=1))
    assert kept() == [False, False]
