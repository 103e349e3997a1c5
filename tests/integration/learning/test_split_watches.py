"""After another way to answer was promoted: the watch, the way back, and what else may go live."""

from __future__ import annotations

from sqlalchemy import select

from src.core.caller import Caller
from src.core.messages.experiments import ListExperiments, Purpose, StopExperiment
from src.core.messages.models import GetModel, PromoteModel, RollBackModel
from src.database.models import JobRecord
from tests.support.laboratory import Laboratory
from tests.support.polling import Poll, answering, running, started


def test_after_a_promotion_the_way_before_keeps_a_share_and_takes_over_where_it_wins(
    laboratory: Laboratory,
) -> None:
    made = started(laboratory)
    laboratory.ask(PromoteModel(model_id=made.treatment_id))
    watch = running(laboratory)
    assert (watch.purpose, watch.share) == (Purpose.WATCH, 0.4)
    assert (watch.control_id, watch.treatment_id) == (made.treatment_id, made.control_id)
    Poll(laboratory).hold(300, better=0.9, worse=0.4)
    ended = laboratory.experiment(watch.id)
    assert (ended.decision, answering(laboratory).id) == ("return", made.control_id)
    assert (ended.reason or "").startswith("The way before is better.")
    change = laboratory.ask(GetModel(model_id=made.control_id)).changes[-1]
    assert (change.after, change.evidence["experiment_id"]) == ("live", watch.id)
    assert laboratory.ask(GetModel(model_id=made.treatment_id)).state == "retired"


def test_a_watch_that_saw_no_harm_is_over_and_gives_way_before(laboratory: Laboratory) -> None:
    first = started(laboratory)
    laboratory.ask(PromoteModel(model_id=first.treatment_id))
    given_way = running(laboratory)
    second = started(laboratory, variant=({"kind": "style", "style": "concise"},))
    assert laboratory.experiment(given_way.id).decision == "superseded"
    laboratory.ask(StopExperiment(experiment_id=second.id))
    watch = running(laboratory)
    assert (watch.purpose, watch.id == given_way.id) == (Purpose.WATCH, False), "it goes on with the rest"
    Poll(laboratory).hold(300, better=0.4, worse=0.9)
    assert laboratory.experiment(watch.id).decision == "healthy"
    assert answering(laboratory).id == first.treatment_id
    items = laboratory.ask(ListExperiments(collection_id=laboratory.collection_id, state="running")).items
    assert items == (), "a watch that has ended does not begin again"


def test_promoting_by_hand_ends_what_compares_with_the_one_before(laboratory: Laboratory) -> None:
    first = started(laboratory)
    laboratory.ask(StopExperiment(experiment_id=first.id, reason="Another time."))
    assert laboratory.model(first.treatment_id).state == "rejected"
    second = started(laboratory, variant=({"kind": "evidence", "least": 0.3},))
    third = laboratory.ask(PromoteModel(model_id=second.treatment_id))
    assert third.state == "live"
    assert laboratory.experiment(second.id).decision == "superseded"
    fourth = started(laboratory)
    kinds = [one["kind"] for one in laboratory.ask(GetModel(model_id=fourth.treatment_id)).card["settings"]]
    assert kinds == ["evidence", "passages"], "it is laid over what is live"
    laboratory.ask(RollBackModel(model_id=second.treatment_id))
    assert laboratory.experiment(fourth.id).decision == "superseded"
    assert laboratory.model(fourth.treatment_id).state == "candidate"
    again = started(laboratory, model_id=fourth.treatment_id, variant=None)
    assert again.treatment_id == fourth.treatment_id


def test_a_way_to_answer_comes_to_no_gate(laboratory: Laboratory) -> None:
    first = started(laboratory)
    laboratory.ask(PromoteModel(model_id=first.treatment_id))
    second = started(laboratory)
    laboratory.ask(RollBackModel(model_id=first.treatment_id))
    assert laboratory.model(second.treatment_id).state == "candidate"
    laboratory.agent.prove_again(laboratory.context(Caller.agent("experiment_runner")))
    laboratory.agent.guard(laboratory.context(Caller.agent("experiment_runner")))
    with laboratory.database.read() as work:
        assert work.session.scalars(select(JobRecord).where(JobRecord.kind == "gate")).all() == []
