"""A trial that makes things worse is stopped before its votes could say so; what may not be its fault
pauses it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, event, select

from src.core.caller import Caller
from src.core.clock import new_id
from src.core.messages.experiments import GetExperiment
from src.core.messages.questions import Search
from src.database.engine import WRITES
from src.database.models import ActivityLine, AnswerRecord, ConversationRecord, SearchRecord
from tests.support.laboratory import Laboratory


def searches(
    laboratory: Laboratory,
    count: int,
    took_ms: float,
    experiment_id: str | None = None,
    *,
    collection_id: str | None = None,
    **paths_ms: float,
) -> None:
    """Searches of all readers, each for a question of its own; ``paths_ms`` of its two rankings."""
    with laboratory.database.begin() as work:
        for number in range(count):
            work.searching.keep(
                id=new_id(),
                user_id=laboratory.readers[number % len(laboratory.readers)].user_id,
                query=f"question {number}",
                request={},
                collection_ids=[collection_id or laboratory.collection_id],
                hits=[],
                index_version="",
                models={},
                experiment_id=experiment_id,
                took_ms={"total": took_ms, **paths_ms},
                at=work.now(),
            )
        work.commit()


def requests(laboratory: Laboratory, count: int, outcome: str, caller: str = "ada") -> None:
    with laboratory.database.begin() as work:
        for _ in range(count):
            work.session.add(
                ActivityLine(
                    id=new_id(),
                    capability=Search.capability,
                    agent="retrieval",
                    caller=caller,
                    at=work.now(),
                    duration_ms=10.0,
                    outcome=outcome,
                    correlation_id=new_id(),
                )
            )
        work.commit()


def guard(laboratory: Laboratory) -> None:
    laboratory.agent.guard(laboratory.context(Caller.agent("experiment_runner")))


def vote(laboratory: Laboratory, count: int, ranks: tuple[int, int], verdict: str) -> None:
    for number in range(count):
        reader = laboratory.readers[number % len(laboratory.readers)]
        question = f"{verdict} {ranks} {number}"
        laboratory.deliver(laboratory.rating(ranks, reader=reader, question=question, verdict=verdict))


def test_down_votes_on_what_the_candidate_lifts_stop_the_trial(laboratory: Laboratory) -> None:
    model_id, experiment_id = laboratory.trial()
    vote(laboratory, 30, (1, 4), "up")
    vote(laboratory, 30, (4, 1), "down")
    guard(laboratory)
    ended = laboratory.experiment(experiment_id)
    assert ended.decision == "stopped"
    assert ended.reason is not None
    assert ended.reason.startswith("Stopped: down-votes 100.0% (30 of 30) against 0.0% (0 of 30)")
    assert laboratory.model(model_id).state == "rejected"


def test_a_model_that_takes_longer_than_the_live_one_in_the_same_searches_is_rejected(
    laboratory: Laboratory,
) -> None:
    searches(laboratory, 40, 20.0)
    model_id, experiment_id = laboratory.trial()
    searches(laboratory, 60, 300.0, experiment_id, control=20.0, treatment=280.0)
    guard(laboratory)
    ended = laboratory.experiment(experiment_id)
    assert (ended.state, ended.decision) == ("ended", "stopped")
    assert ended.reason is not None
    assert ended.reason.startswith("Stopped: slow rankings 100.0% (60 of 60) against 0.0% (0 of 60)")
    assert laboratory.model(model_id).state == "rejected"


def test_a_model_that_cannot_rank_is_rejected(laboratory: Laboratory) -> None:
    model_id, experiment_id = laboratory.trial()
    searches(laboratory, 30, 20.0, experiment_id, control=20.0)
    guard(laboratory)
    ended = laboratory.experiment(experiment_id)
    assert ended.reason is not None
    assert ended.reason.startswith("Stopped: failed rankings 100.0% (30 of 30) against 0.0%")
    assert laboratory.model(model_id).state == "rejected"


@pytest.mark.parametrize(("took_ms", "share"), [(2000.0, 0.0), (400.0, 1.0)])
def test_a_machine_that_is_slow_as_a_whole_pauses_a_trial_where_a_reader_notices(
    laboratory: Laboratory, took_ms: float, share: float
) -> None:
    searches(laboratory, 40, 20.0)
    model_id, experiment_id = laboratory.trial()
    searches(laboratory, 60, took_ms, experiment_id, control=0.8 * took_ms, treatment=0.9 * took_ms)
    guard(laboratory)
    trial = laboratory.experiment(experiment_id)
    assert (trial.state, trial.share, laboratory.model(model_id).state) == ("running", share, "trial")


def test_what_was_usual_is_known_of_a_collection_that_is_asked_seldom(laboratory: Laboratory) -> None:
    searches(laboratory, 40, 20.0)
    searches(laboratory, 600, 900.0, collection_id=laboratory.collection())
    _, experiment_id = laboratory.trial()
    known = laboratory.experiment(experiment_id).rule["guardrails"]
    assert (known["usual_ms"], known["slow_ms"]) == (20.0, 500.0)


def test_nobody_waits_while_the_guardrails_are_read(laboratory: Laboratory) -> None:
    _, experiment_id = laboratory.trial()
    searches(laboratory, 60, 20.0, experiment_id, control=10.0, treatment=10.0)
    answers(laboratory, experiment_id, cited=True)
    read: list[bool] = []

    def note(connection: Connection, cursor: object, statement: str, *_: object) -> None:
        if "FROM answers" in statement:
            read.append(bool(connection.get_execution_options().get(WRITES)))

    event.listen(laboratory.database.engine, "before_cursor_execute", note)
    guard(laboratory)
    assert read
    assert not any(read)


def test_a_comparison_that_cannot_be_judged_leaves_the_others_guarded(laboratory: Laboratory) -> None:
    _, broken = laboratory.trial()
    with laboratory.database.begin() as work:
        work.experiments.get(broken).rule = {}
        work.commit()
    laboratory.collection_id = laboratory.collection()
    _, experiment_id = laboratory.trial()
    searches(laboratory, 30, 20.0, experiment_id, control=20.0)
    with pytest.raises(ExceptionGroup, match="some rounds failed"):
        guard(laboratory)
    assert laboratory.experiment(experiment_id).decision == "stopped"


def test_answers_that_cite_nothing_pause_a_trial_and_cited_ones_do_not(laboratory: Laboratory) -> None:
    searches(laboratory, 60, 20.0)
    answers(laboratory, None, cited=True)
    _, experiment_id = laboratory.trial()
    searches(laboratory, 60, 20.0, experiment_id)
    answers(laboratory, experiment_id, cited=True)
    guard(laboratory)
    assert laboratory.experiment(experiment_id).share == 1.0
    searches(laboratory, 100, 20.0, experiment_id)
    answers(laboratory, experiment_id, cited=False)
    guard(laboratory)
    paused = laboratory.experiment(experiment_id)
    assert paused.share == 0.0
    assert paused.looks[-1]["sentence"].startswith("Paused: abstentions")


def answers(laboratory: Laboratory, experiment_id: str | None, *, cited: bool) -> None:
    """An answer made of each search of an experiment that has none yet."""
    with laboratory.database.begin() as work:
        conversation = new_id()
        work.conversations.add(
            ConversationRecord(id=conversation, user_id=laboratory.owner.user_id, created_at=work.now())
        )
        work.session.flush()
        answered = {record.answer["query_id"] for record in work.session.scalars(select(AnswerRecord))}
        made = select(SearchRecord.id).where(SearchRecord.experiment_id == experiment_id)
        for search_id in set(work.session.scalars(made)) - answered:
            work.answers.add(
                AnswerRecord(
                    id=new_id(),
                    conversation_id=conversation,
                    user_id=laboratory.owner.user_id,
                    question="Where?",
                    grounded=cited,
                    model="extractive",
                    answer={"query_id": search_id, "citations": [{"marker": 1}] if cited else []},
                    asked_at=work.now(),
                )
            )
        work.commit()


def test_a_running_trial_tells_what_each_guardrail_says(laboratory: Laboratory) -> None:
    searches(laboratory, 40, 20.0)
    _, experiment_id = laboratory.trial()
    searches(laboratory, 60, 25.0, experiment_id, control=20.0, treatment=22.0)
    told = laboratory.ask(GetExperiment(experiment_id=experiment_id)).guardrails
    assert [one.name for one in told][:3] == ["slow rankings", "failed rankings", "down-votes"]
    assert not any(one.stop for one in told)
    assert told[0].sentence == (
        "Too early to tell: slow rankings 0.0% (0 of 60) against 0.0% (0 of 60); a check takes 20 events."
    )


def test_a_pause_keeps_the_votes_and_ends_by_itself_each_twice_as_long_as_the_one_before(
    laboratory: Laboratory,
) -> None:
    requests(laboratory, 60, "ok")
    model_id, experiment_id = laboratory.trial()
    vote(laboratory, 20, (4, 1), "up")
    for count, minutes in ((1, 30), (2, 60)):
        requests(laboratory, 60, "internal", caller="agent:experiment_runner")
        guard(laboratory)
        assert laboratory.experiment(experiment_id).share == 1.0, "agents are no readers"
        requests(laboratory, 80, "internal")
        guard(laboratory)
        paused = laboratory.experiment(experiment_id)
        assert (paused.share, len(paused.looks), paused.looks[-1]["decision"]) == (0.0, count, "paused")
        assert paused.looks[-1]["sentence"].startswith("Paused: errors")
        said = laboratory.ask(GetExperiment(experiment_id=experiment_id)).progress["sentence"]
        assert said.startswith("Paused until ")
        guard(laboratory)
        later(laboratory, experiment_id, minutes - 1)
        guard(laboratory)
        assert laboratory.experiment(experiment_id).share == 0.0
        searches(laboratory, 30, 25.0)
        later(laboratory, experiment_id, 2)
        guard(laboratory)
        again = laboratory.experiment(experiment_id)
        assert (again.share, again.rule["guardrails"]["usual_ms"]) == (1.0, 25.0)
        guard(laboratory)
        assert laboratory.experiment(experiment_id).share == 1.0, "what was before the pause is forgiven"
    view = laboratory.ask(GetExperiment(experiment_id=experiment_id))
    assert (view.progress["votes"], laboratory.model(model_id).state) == (20, "trial")
    laboratory.poll(110, better=0.75)
    assert laboratory.experiment(experiment_id).decision == "promote"


def test_a_look_during_a_pause_does_not_shorten_what_is_known_of_it(laboratory: Laboratory) -> None:
    requests(laboratory, 60, "ok")
    _, experiment_id = laboratory.trial()
    requests(laboratory, 80, "internal")
    guard(laboratory)
    later(laboratory, experiment_id, 31)
    searches(laboratory, 30, 25.0)
    with laboratory.database.begin() as work:
        record = work.experiments.get(experiment_id)
        (pause,) = record.looks
        look = {**pause, "decision": "wait", "at": work.now().isoformat()}
        record.looks = [pause, look]
        work.commit()
    guard(laboratory)
    again = laboratory.experiment(experiment_id)
    assert (again.share, again.rule["guardrails"]["usual_ms"]) == (1.0, 25.0)


def later(laboratory: Laboratory, experiment_id: str, minutes: int) -> None:
    """Have the pause, and what was searched and asked so far, lie so much longer back."""
    ago = timedelta(minutes=minutes)
    with laboratory.database.begin() as work:
        record = work.experiments.get(experiment_id)
        *before, last = record.looks
        at = datetime.fromisoformat(last["at"]) - ago
        record.looks = [*before, {**last, "at": at.isoformat()}]
        for line in work.session.scalars(select(ActivityLine)):
            line.at -= ago
        work.commit()


def test_a_healthy_trial_goes_on(laboratory: Laboratory) -> None:
    searches(laboratory, 40, 20.0)
    _, experiment_id = laboratory.trial()
    searches(laboratory, 60, 25.0, experiment_id)
    vote(laboratory, 12, (1, 4), "down")
    vote(laboratory, 12, (4, 1), "down")
    guard(laboratory)
    assert laboratory.experiment(experiment_id).state == "running"


def test_a_candidate_that_waits_for_no_reason_is_tried(laboratory: Laboratory) -> None:
    model_id = laboratory.candidate("gated")
    guard(laboratory)
    running = laboratory.running()
    assert running is not None
    assert running.treatment_id == model_id
