"""Two ways to answer, each for half of the readers; what they say of the answers decides."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from src.agents.experiment_runner.policy import Policy
from src.core.caller import Caller
from src.core.errors import ConflictError, ForbiddenError, InvalidRequestError
from src.core.messages.answering import PassageCount, PromptTemplate, Template
from src.core.messages.experiments import (
    GetExperiment,
    ListExperiments,
    Method,
    PlanExperiment,
    Purpose,
    StartExperiment,
    StopExperiment,
)
from src.core.messages.models import GetModel, ListModels, ModelRole, PromoteModel, RollBackModel
from src.database.models import AnswerRecord, RatingRecord
from src.database.uow import Database
from tests.support.laboratory import Laboratory
from tests.support.polling import Poll, answering, running, started


def test_a_comparison_starts_with_rule_power_and_both_arms(laboratory: Laboratory) -> None:
    made = started(laboratory)
    live = answering(laboratory)
    assert (made.method, made.purpose, made.control_id) == (Method.AB, Purpose.TRIAL, live.id)
    treatment = laboratory.ask(GetModel(model_id=made.treatment_id))
    assert (treatment.role, treatment.state, treatment.parent_id) == (ModelRole.ANSWERING, "trial", live.id)
    assert treatment.card["settings"] == [{"kind": "passages", "k": 3}]
    assert made.rule["looks"] == [100, 250, 500, 1000]
    assert "A gain of +0.100" in made.power["sentence"]
    assert "ratings" in made.power["sentence"]
    assert [(arm.name, arm.answers, arm.rate) for arm in made.arms] == [
        ("control", 0, None),
        ("treatment", 0, None),
    ]
    assert made.split is not None
    assert not made.split.broken
    assert made.progress["sentence"].startswith("Not enough data yet: 0 of 100 ratings")
    (event,) = laboratory.events("experiment.started.v1")
    assert event.payload["experiment_id"] == made.id


def test_the_power_says_when_there_are_too_few_readers(database: Database) -> None:
    laboratory = Laboratory(database)
    assert "cannot decide" not in started(laboratory).power["sentence"], "ten accounts are five for each arm"
    laboratory.ask(StopExperiment(experiment_id=running(laboratory).id))
    few = started(laboratory, share=0.5).power["sentence"]
    assert "It cannot decide as things are: that takes 5 readers in each arm, and 10 accounts" in few


def test_what_a_comparison_takes_is_said_before_there_is_one(laboratory: Laboratory) -> None:
    plans = {
        method: laboratory.ask(PlanExperiment(collection_id=laboratory.collection_id, method=method))
        for method in Method
    }
    assert [plans[method].effect for method in Method] == [0.03, 0.1]
    assert plans[Method.AB].sentence == started(laboratory).power["sentence"]
    assert "up-votes" in plans[Method.INTERLEAVING].sentence


def test_there_is_no_interval_before_there_are_readers_enough_to_tell_it_by(laboratory: Laboratory) -> None:
    made = started(laboratory)
    poll = Poll(laboratory, count=2)
    poll.hold(6, better=1.0, worse=0.0)
    progress = laboratory.ask(GetExperiment(experiment_id=made.id)).progress
    assert (progress["readers"], progress["mean"]) == (2, 1.0)
    assert (progress["lower"], progress["upper"]) == (None, None)
    Poll(laboratory, count=20).hold(40, better=0.9, worse=0.4)
    progress = laboratory.ask(GetExperiment(experiment_id=made.id)).progress
    assert progress["lower"] < progress["mean"] < progress["upper"]


def test_a_better_way_is_promoted_with_its_evidence_and_one_returns_from_it(laboratory: Laboratory) -> None:
    made = started(laboratory)
    before = made.control_id
    Poll(laboratory).hold(420, better=0.9, worse=0.4)
    ended = laboratory.ask(GetExperiment(experiment_id=made.id))
    assert (ended.state, ended.decision) == ("ended", "promote")
    control, treatment = ended.arms
    assert control.rate is not None
    assert treatment.rate is not None
    assert treatment.rate - control.rate > 0.3
    assert control.readers + treatment.readers == 30
    assert treatment.course[-1].rate == treatment.rate
    assert answering(laboratory).id == made.treatment_id
    change = laboratory.ask(GetModel(model_id=made.treatment_id)).changes[-1]
    assert (change.after, change.evidence["experiment_id"]) == ("live", made.id)
    assert change.evidence["counted"] >= 100
    assert change.reason.startswith("Better:")
    back = laboratory.ask(RollBackModel(model_id=made.treatment_id, reason="We preferred the old one."))
    assert (back.id, answering(laboratory).id) == (before, before)
    assert laboratory.ask(GetModel(model_id=made.treatment_id)).state == "retired"


def test_a_worse_way_is_rejected(laboratory: Laboratory) -> None:
    made = started(laboratory)
    Poll(laboratory).hold(420, better=0.3, worse=0.85)
    assert laboratory.experiment(made.id).decision in ("reject", "stopped")
    assert laboratory.model(made.treatment_id).state == "rejected"
    assert answering(laboratory).id == made.control_id


def test_equal_against_equal_stays_undecided(laboratory: Laboratory) -> None:
    made = started(laboratory, aa=True)
    assert (made.purpose, made.control_id) == (Purpose.AA, made.treatment_id)
    Poll(laboratory).hold(1020, better=0.6, worse=0.6, chunk=150)
    ended = laboratory.experiment(made.id)
    assert ended.decision == "undecided"
    assert [look["done"] for look in ended.looks] == [1, 2, 3, 4]
    assert answering(laboratory).state == "live"


def test_one_reader_cannot_decide_however_often_they_rate(laboratory: Laboratory) -> None:
    made = started(laboratory)
    poll = Poll(laboratory, count=1)
    poll.hold(150, better=1.0, worse=0.0, chunk=50)
    shown = laboratory.ask(GetExperiment(experiment_id=made.id))
    assert (shown.state, shown.progress["votes"], shown.progress["counted"]) == ("running", 150, 0.0)
    assert "Nothing counts before" in shown.progress["sentence"]


def test_a_split_that_is_broken_stops_the_judgement_and_says_so(laboratory: Laboratory) -> None:
    made = started(laboratory)
    poll = Poll(laboratory, count=12)
    with laboratory.database.begin() as work:
        for number in range(40):
            lost = Caller(user_id=f"lost{number}", username="lost", roles=frozenset())
            poll.answered(work, made, lost, "Where?", arm="treatment")
        work.commit()
    shown = laboratory.ask(GetExperiment(experiment_id=made.id))
    assert shown.split is not None
    assert shown.split.broken
    assert shown.progress["sentence"].startswith("Nothing is judged. The split is broken: control 0")
    poll.hold(400, better=0.95, worse=0.2)
    ended = laboratory.experiment(made.id)
    assert (ended.state, ended.decision) == ("ended", "broken")
    assert (ended.reason or "").startswith("The split is broken")
    assert laboratory.model(made.treatment_id).state == "candidate", "it says nothing about the treatment"
    assert answering(laboratory).id == made.control_id


@pytest.mark.parametrize("end", ["held", "discarded", "retracted", "changed"])
def test_what_a_rating_says_no_more_is_not_counted(laboratory: Laboratory, end: str) -> None:
    made = started(laboratory)
    poll = Poll(laboratory, count=4)
    reader = poll.readers[0]
    with laboratory.database.begin() as work:
        answer_id = poll.answered(work, made, reader, "Where?", arm="treatment")
        work.session.flush()
        rating_id = poll.say(work, answer_id, reader, "Where?", "up")
        work.commit()
    poll.tell(rating_id)
    (_, treatment) = laboratory.ask(GetExperiment(experiment_id=made.id)).arms
    assert (treatment.ratings, treatment.up) == (1, 1)
    with laboratory.database.begin() as work:
        rating = work.session.get(RatingRecord, rating_id)
        assert rating is not None
        if end == "retracted":
            work.session.delete(rating)
        elif end == "changed":
            rating.verdict = "down"
        else:
            rating.state = end
        work.commit()
    (_, treatment) = laboratory.ask(GetExperiment(experiment_id=made.id)).arms
    assert (treatment.ratings, treatment.up) == ((1, 0) if end == "changed" else (0, 0))


def test_events_that_come_twice_change_nothing(laboratory: Laboratory) -> None:
    made = started(laboratory)
    poll = Poll(laboratory)
    poll.hold(110, better=0.55, worse=0.55, chunk=110)
    before = laboratory.experiment(made.id)
    assert [look["done"] for look in before.looks] == [1]
    with laboratory.database.read() as work:
        ids = list(work.session.scalars(select(RatingRecord.id)))
    for _ in range(3):
        poll.tell(*ids)
    assert laboratory.experiment(made.id).looks == before.looks


def test_a_guardrail_stops_an_arm_that_declines_far_more(laboratory: Laboratory) -> None:
    made = started(laboratory)
    poll = Poll(laboratory)
    with laboratory.database.begin() as work:
        for number in range(480):
            reader = poll.readers[number % 30]
            answer_id = poll.answered(work, made, reader, f"question {number}")
            record = work.session.get(AnswerRecord, answer_id)
            assert record is not None
            record.refused = record.arm == "treatment" and number % 3 == 0
        work.commit()
    laboratory.agent.guard(laboratory.context(Caller.agent("experiment_runner")))
    ended = laboratory.experiment(made.id)
    assert (ended.decision, laboratory.model(made.treatment_id).state) == ("stopped", "rejected")
    assert (ended.reason or "").startswith("Stopped: abstentions")


def test_under_the_manual_policy_a_person_promotes_what_won(database: Database) -> None:
    laboratory = Laboratory(database, Policy(automatic=False))
    made = started(laboratory)
    Poll(laboratory).hold(420, better=0.9, worse=0.4)
    ended = laboratory.experiment(made.id)
    assert ended.decision == "promote"
    assert (ended.reason or "").endswith("A person is to decide: the policy is manual.")
    assert answering(laboratory).id == made.control_id
    laboratory.ask(PromoteModel(model_id=made.treatment_id))
    assert answering(laboratory).id == made.treatment_id


def test_rankings_and_answers_are_compared_side_by_side(laboratory: Laboratory) -> None:
    model_id, trial_id = laboratory.trial()
    made = started(laboratory)
    running = laboratory.ask(ListExperiments(collection_id=laboratory.collection_id, state="running"))
    assert {one.id for one in running.items} == {trial_id, made.id}
    ranks = laboratory.ask(ListModels(collection_id=laboratory.collection_id, role=ModelRole.RANKING))
    assert model_id in {one.id for one in ranks.items}
    assert made.treatment_id not in {one.id for one in ranks.items}
    laboratory.ask(StopExperiment(experiment_id=made.id))
    assert laboratory.experiment(trial_id).state == "running"


def test_only_those_who_may_change_a_collection_compare_its_answers(laboratory: Laboratory) -> None:
    request = StartExperiment(
        collection_id=laboratory.collection_id, method=Method.AB, variant=(PassageCount(k=3),)
    )
    with pytest.raises(ForbiddenError):
        laboratory.ask(request, laboratory.readers[0])
    made = laboratory.ask(request)
    with pytest.raises(ForbiddenError):
        laboratory.ask(StopExperiment(experiment_id=made.id), laboratory.readers[0])
    with pytest.raises(ConflictError, match="already"):
        laboratory.ask(request)


def test_what_to_compare_must_be_said_clearly(database: Database) -> None:
    laboratory = Laboratory(database, Policy(generates=False))
    ranking = laboratory.candidate("gated")
    for fields in ({"variant": None}, {"aa": True, "variant": (PassageCount(k=2),)}):
        with pytest.raises(InvalidRequestError, match="one of the three"):
            started(laboratory, **fields)
    with pytest.raises(ConflictError, match="ranks"):
        started(laboratory, variant=None, model_id=ranking)
    with pytest.raises(InvalidRequestError, match="extracts"):
        started(laboratory, variant=(PromptTemplate(name=Template.QUOTING),))
    with pytest.raises(InvalidRequestError, match="method ab"):
        laboratory.ask(StartExperiment(collection_id=laboratory.collection_id, variant=(PassageCount(k=2),)))
    assert laboratory.events("experiment.started.v1") == []
