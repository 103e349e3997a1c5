"""Reports of failing questions: who sees them, how they are replaced, and what is told of them."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from src.core.caller import Caller
from src.core.errors import ForbiddenError, NotFoundError
from src.core.messages.collections import CreateCollection, DeleteCollection, Visibility
from src.core.messages.feedback import RateHit, Reason, Verdict
from src.core.messages.insights import Cause, Insight, ListInsights, RefreshInsights, Trend
from src.core.messages.questions import AskQuestion, Search
from src.database.models import InsightRecord, SearchRecord
from tests.integration.feedback.analysed import aged, analysed, disliked
from tests.integration.feedback.conftest import Team

FOREIGN = "Which enzyme does the vaccine trial inhibit?"
QUESTION = "How long does a parcel to an island take?"
TOPIC = "insight.found.v1"


def diary_of(team: Team, owner: Caller, **files: str) -> str:
    """The id of a private collection with these texts."""
    made = team.ask(CreateCollection(name="Diary", visibility=Visibility.PRIVATE), owner)
    if files:
        team.house.upload(made.id, {f"{name}.txt": text for name, text in files.items()})
    return str(made.id)


def picture(insights: list[Insight]) -> list[dict[str, object]]:
    return [one.model_dump(exclude={"found_at"}) for one in insights]


def test_reports_are_for_those_who_may_write_in_the_collection(team: Team) -> None:
    team.answer(FOREIGN, team.ben)
    assert len(analysed(team)) == 1
    assert len(team.ask(ListInsights(collection_id=team.collection), team.house.caller).items) == 1
    assert len(team.ask(ListInsights(), team.ada).items) == 1
    assert team.ask(ListInsights(), team.ben).items == ()
    with pytest.raises(ForbiddenError):
        team.ask(ListInsights(collection_id=team.collection), team.ben)
    with pytest.raises(NotFoundError):
        team.ask(ListInsights(collection_id="nothing"), team.ada)


def test_an_analysis_is_for_those_who_may_write_and_one_of_all_for_administrators(team: Team) -> None:
    for caller, collection_id, error in (
        (team.ben, team.collection, ForbiddenError),
        (team.ben, "nothing", NotFoundError),
        (team.ada, None, ForbiddenError),
    ):
        with pytest.raises(error):
            team.ask(RefreshInsights(collection_id=collection_id), caller)


def test_what_was_asked_of_a_private_collection_too_is_shown_to_administrators_alone(team: Team) -> None:
    cleo = team.member("cleo")
    diary = diary_of(team, cleo)
    question = AskQuestion(question=FOREIGN, collection_ids=(team.collection, diary))
    answer = team.ask(question, cleo)
    assert {hit.collection_id for hit in answer.passages} == {team.collection}
    assert analysed(team) == []
    queued = team.ask(RefreshInsights(), team.house.caller)
    assert team.house.finished(queued.job_id).error is None
    across = [one for one in team.ask(ListInsights(), team.house.caller).items if one.collection_id is None]
    assert answer.query_id in {example.query_id for one in across for example in one.examples}
    assert FOREIGN not in str([team.ask(ListInsights(), one).items for one in (team.ada, team.ben, cleo)])


def test_the_questions_of_a_private_collection_are_seen_by_its_owner_and_not_by_others(team: Team) -> None:
    cleo = team.member("cleo")
    diary = diary_of(team, cleo, secrets="The salary of the ferry captain is paid in gold.")
    answer = team.ask(AskQuestion(question="How is the captain paid?", collection_ids=(diary,)), cleo)
    disliked(team, answer, cleo, reasons=(Reason.OUTDATED,))
    (found,) = analysed(team, diary, cleo)
    assert found.cause == Cause.OUTDATED
    assert team.ask(ListInsights(), team.ada).items == ()
    with pytest.raises(NotFoundError):
        team.ask(ListInsights(collection_id=diary), team.ada)


def test_a_report_never_names_a_document_of_another_collection(team: Team) -> None:
    cleo = team.member("cleo")
    diary = diary_of(team, cleo, trial="The vaccine trial of the captain is a secret.")
    asked = "Where is the treasure chest of the pirates hidden?"
    both = Search(query=asked, collection_ids=(team.collection, diary))
    found = team.ask(both, cleo)
    shown = {hit.collection_id: hit for hit in found.hits}
    assert set(shown) == {team.collection, diary}
    rate = RateHit(
        query_id=found.query_id, passage_id=shown[team.collection].passage_id, verdict=Verdict.DOWN
    )
    team.checked(team.ask(rate, cleo).id)
    (insight,) = analysed(team)
    assert insight.cause == Cause.NOTHING_INDEXED
    assert insight.concerns
    assert "trial" not in str(insight)


def test_a_report_that_says_the_same_is_told_of_once_and_keeps_its_ids(team: Team) -> None:
    team.answer(FOREIGN, team.ben)
    first = analysed(team)
    (told,) = team.events(TOPIC, 1)
    assert told["insight_ids"] == [first[0].id]
    assert (told["new"], told["causes"]) == (1, {"nothing_indexed": 1})
    assert FOREIGN not in str(told)
    again = analysed(team)
    assert picture(again) == picture(first)
    team.answer("Which enzyme does the vaccine trial not inhibit?", team.ben)
    (grown,) = analysed(team)
    assert (grown.id, grown.size, grown.first_found_at) == (first[0].id, 2, first[0].first_found_at)
    assert grown.found_at > first[0].found_at
    assert [event["new"] for event in team.events(TOPIC, 2)] == [1, 0]


def test_a_report_is_gone_with_what_it_was_about(team: Team) -> None:
    answer = team.answer(FOREIGN, team.ben)
    assert len(analysed(team)) == 1
    aged(team, answer, 15)
    assert analysed(team) == []
    assert team.events(TOPIC, 2)[1]["insight_ids"] == []
    team.answer(QUESTION.replace("island", "planet of the enzyme"), team.ben)
    team.answer(FOREIGN, team.ben)
    assert analysed(team)
    team.ask(DeleteCollection(collection_id=team.collection), team.ada)
    with team.house.application.database.read() as work:
        query = select(InsightRecord).where(InsightRecord.collection_id == team.collection)
        assert list(work.session.scalars(query)) == []


def test_an_analysis_leaves_no_searches_behind(team: Team) -> None:
    team.answer(FOREIGN, team.ben)
    with team.house.application.database.read() as work:
        before = work.session.scalar(select(func.count()).select_from(SearchRecord))
    assert len(analysed(team)) == 1
    with team.house.application.database.read() as work:
        assert work.session.scalar(select(func.count()).select_from(SearchRecord)) == before


def test_what_is_asked_of_other_collections_is_no_measure_of_a_trend(team: Team) -> None:
    readers = [team.member(f"reader{number}", "reader") for number in range(5)]
    for reader in readers:
        aged(team, team.answer(FOREIGN, reader), 15)
        team.answer(FOREIGN, reader)
    elsewhere = team.house.collection("Elsewhere")
    for number in range(40):
        team.ask(Search(query=f"thing {number}", collection_ids=(elsewhere,)), team.ben)
    (found,) = analysed(team)
    assert (found.size, found.before, found.trend) == (5, 5, Trend.STEADY)
