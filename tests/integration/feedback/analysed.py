"""A team whose failing questions are analysed, and what a test plants for that."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from src.core.caller import Caller
from src.core.clock import new_id
from src.core.jobs import JobState
from src.core.messages.feedback import RateAnswer, RateCitation, RateHit, Verdict
from src.core.messages.insights import Insight, ListInsights, RefreshInsights
from src.core.messages.questions import Answer, SearchResults
from src.database.models import (
    AnswerRecord,
    GoldenQuestionRecord,
    GoldenSetRecord,
    SearchRecord,
    SignalRecord,
)
from src.services.text.questions import question_key
from tests.integration.feedback.conftest import Team
from tests.support.application import wait_for


def analysed(team: Team, collection_id: str | None = None, caller: Caller | None = None) -> list[Insight]:
    """The report of the team's collection, made now."""
    collection_id = collection_id or team.collection
    queued = team.ask(RefreshInsights(collection_id=collection_id), caller or team.ada)
    job = team.house.finished(queued.job_id)
    assert (job.state, job.error) == (JobState.SUCCEEDED, None)
    return list(team.ask(ListInsights(collection_id=collection_id), caller or team.ada).items)


def disliked(team: Team, answer: Answer, caller: Caller, **more: Any) -> str:
    """The id of a counted down-vote on an answer."""
    rated = team.ask(RateAnswer(answer_id=answer.answer_id, verdict=Verdict.DOWN, **more), caller)
    return team.checked(rated.id).id


def hit_rated(team: Team, found: SearchResults, place: int, verdict: Verdict, caller: Caller) -> str:
    """The id of a counted vote on the hit at a place, from 1."""
    hit = found.hits[place - 1]
    rated = team.ask(RateHit(query_id=found.query_id, passage_id=hit.passage_id, verdict=verdict), caller)
    return team.checked(rated.id).id


def citation_rated(team: Team, answer: Answer, marker: str, verdict: Verdict, caller: Caller) -> str:
    rated = team.ask(RateCitation(answer_id=answer.answer_id, marker=marker, verdict=verdict), caller)
    return team.checked(rated.id).id


def changed_answer(team: Team, answer: Answer, change: Callable[[dict[str, Any]], None]) -> None:
    """Have the stored answer say something else than it did."""
    stored = answer.model_dump(mode="json")
    change(stored)
    columns = {
        "answer": stored,
        "grounded": stored["grounded"],
        "asked_at": datetime.fromisoformat(stored["asked_at"]),
    }
    with team.house.application.database.begin() as work:
        query = update(AnswerRecord).where(AnswerRecord.id == answer.answer_id)
        work.session.execute(query.values(**columns))
        work.commit()


def aged(team: Team, answer: Answer, days: float) -> None:
    """Have the question asked, and the answer given, that many days before it was."""
    asked = answer.asked_at - timedelta(days=days)
    changed_answer(team, answer, lambda stored: stored.update(asked_at=asked.isoformat()))
    with team.house.application.database.begin() as work:
        work.session.execute(update(SearchRecord).where(SearchRecord.id == answer.query_id).values(at=asked))
        work.commit()


def golden(team: Team, question: str, external_id: str) -> None:
    """Let a golden set of the collection name the document that answers the question."""
    with team.house.application.database.begin() as work:
        made = work.golden_sets.add(
            GoldenSetRecord(
                id=new_id(),
                collection_id=team.collection,
                name=f"set {new_id()[-6:]}",
                origin="imported",
                margin=0.005,
                created_at=work.now(),
            )
        )
        work.session.flush()
        work.session.add(
            GoldenQuestionRecord(
                id=new_id(),
                set_id=made.id,
                question=question,
                question_key=question_key(question),
                judgments=[[external_id, 1.0]],
            )
        )
        work.commit()


def signalled(team: Team, answer: Answer) -> None:
    """Wait until it is noted that the answer's question was asked again."""

    def noted() -> bool:
        query = select(SignalRecord.id).where(
            SignalRecord.kind == "asked_again", SignalRecord.answer_id == answer.answer_id
        )
        with team.house.application.database.read() as work:
            return work.session.scalar(query) is not None

    assert wait_for(noted)
