"""A candidate is tried on interleaved lists; what its readers vote decides, at looks fixed before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from src.agents.experiment_runner.policy import Policy
from src.core.clock import new_id
from src.core.errors import ConflictError
from src.core.messages.experiments import (
    CandidateGated,
    ExperimentState,
    GetExperiment,
    ListExperiments,
    Purpose,
    StartExperiment,
    StopExperiment,
)
from src.core.messages.feedback import Decision, RatingReviewed, RatingsHeld
from src.core.messages.models import PromoteModel
from src.core.messages.questions import Answer, Citation, Style
from src.core.passages import Location
from src.database.models import AnswerRecord, ConversationRecord, ExperimentVoteRecord, RatingRecord
from src.database.uow import Database
from tests.support.laboratory import Laboratory


def test_a_gated_candidate_goes_on_trial_with_rule_and_power_fixed(laboratory: Laboratory) -> None:
    model_id, experiment_id = laboratory.trial()
    assert laboratory.model(model_id).state == "trial"
    experiment = laboratory.ask(GetExperiment(experiment_id=experiment_id))
    assert experiment.purpose is Purpose.TRIAL
    assert (experiment.control_id, experiment.treatment_id) == (laboratory.live().id, model_id)
    assert experiment.rule["looks"] == [100, 250, 500, 1000]
    assert len(experiment.rule["critical"]) == 4
    assert "nobody knows how many days" in experiment.power["sentence"], "nobody has rated yet"
    assert [experiment.progress[name] for name in ("needed", "lower", "upper")] == [100, None, None]
    assert experiment.progress["sentence"].startswith("Not enough data yet: 0 of 100")
    (event,) = laboratory.events("experiment.started.v1")
    assert event.payload["experiment_id"] == experiment_id


def test_what_runs_is_told_with_its_versions_and_what_it_still_needs(laboratory: Laboratory) -> None:
    model_id, experiment_id = laboratory.trial()
    laboratory.poll(45, better=0.5)
    (listed,) = laboratory.ask(ListExperiments()).items
    assert (listed.treatment_version, listed.control_version) == (2, 1)
    assert listed.progress["sentence"] == "Not enough data yet: 45 of 100 up-votes for the next look."
    with laboratory.database.begin() as work:
        work.experiments.get(experiment_id).started_at -= timedelta(days=3)
        work.commit()
    (listed,) = laboratory.ask(ListExperiments()).items
    assert listed.progress["sentence"] == (
        "Not enough data yet: 45 of 100 up-votes for the next look, about 4 days from now."
    )
    assert listed.progress["days"] == 4
    laboratory.ask(PromoteModel(model_id=model_id))
    watch, ended = laboratory.ask(ListExperiments()).items
    assert ended.progress == {}
    assert watch.progress["sentence"] == (
        "Watching, not enough data yet: 0 of the first 50 up-votes on mixed lists."
    )


def test_a_better_candidate_is_promoted_with_its_evidence_and_then_watched(laboratory: Laboratory) -> None:
    before = laboratory.live().id if laboratory.candidate() else ""
    model_id, experiment_id = laboratory.trial()
    laboratory.poll(130, better=0.75)
    trial = laboratory.experiment(experiment_id)
    assert (trial.state, trial.decision) == ("ended", "promote")
    assert [look["done"] for look in trial.looks] == [1]
    assert (laboratory.live().id, laboratory.model(before).state) == (model_id, "retired")
    with laboratory.database.read() as work:
        evidence = work.models.changes(model_id)[-1].evidence
    assert evidence["experiment_id"] == experiment_id
    assert evidence["counted"] >= 100
    assert evidence["rule"] == trial.rule
    watch = laboratory.running()
    assert watch is not None
    assert (watch.purpose, watch.control_id, watch.treatment_id) == ("watch", model_id, before)
    assert watch.share == 0.2
    assert [event.payload["decision"] for event in laboratory.events("experiment.ended.v1")] == ["promote"]


def test_a_worse_candidate_is_rejected_and_the_next_one_gets_its_turn(laboratory: Laboratory) -> None:
    model_id, experiment_id = laboratory.trial()
    waiting = [laboratory.candidate("gated") for _ in range(2)]
    for waits in waiting:
        laboratory.deliver(CandidateGated(model_id=waits, collection_id=laboratory.collection_id))
    assert [laboratory.model(one).state for one in waiting] == ["rejected", "gated"]
    live = laboratory.live().id
    laboratory.poll(130, better=0.25)
    assert laboratory.experiment(experiment_id).decision == "reject"
    assert laboratory.model(model_id).state == "rejected"
    assert laboratory.live().id == live
    running = laboratory.running()
    assert running is not None
    assert running.treatment_id == waiting[1]
    reasons = [event.payload["reason"] for event in laboratory.events("model.rejected.v1")]
    assert reasons[0].endswith("passed the gate before its turn.")
    assert reasons[1].startswith("Worse:")


def test_an_equal_candidate_ends_undecided(laboratory: Laboratory) -> None:
    _, experiment_id = laboratory.trial()
    laboratory.poll(1005, better=0.5, chunk=67)
    trial = laboratory.experiment(experiment_id)
    assert trial.decision == "undecided"
    assert [look["done"] for look in trial.looks] == [1, 2, 3, 4]
    assert trial.reason is not None
    assert trial.reason.endswith("the control stays.")


def test_under_the_manual_policy_a_person_starts_and_decides(database: Database) -> None:
    laboratory = Laboratory(database, Policy(automatic=False))
    model_id = laboratory.candidate("gated")
    laboratory.deliver(CandidateGated(model_id=model_id, collection_id=laboratory.collection_id))
    assert laboratory.running() is None
    live = laboratory.live().id
    started = laboratory.ask(StartExperiment(collection_id=laboratory.collection_id))
    laboratory.poll(130, better=0.75)
    trial = laboratory.experiment(started.id)
    assert trial.decision == "promote"
    assert trial.reason is not None
    assert trial.reason.endswith("A person is to decide: the policy is manual.")
    assert (laboratory.live().id, laboratory.model(model_id).state) == (live, "trial")
    laboratory.ask(PromoteModel(model_id=model_id))
    assert laboratory.live().id == model_id


def test_a_rating_counts_once_however_often_it_is_told(laboratory: Laboratory) -> None:
    _, experiment_id = laboratory.trial()
    given = laboratory.rating((None, 1), reader=laboratory.readers[0], question="Where?")
    for _ in range(3):
        laboratory.deliver(given, "the same event")
        laboratory.deliver(given)
    with laboratory.database.read() as work:
        (vote,) = work.experiments.votes(experiment_id)
    assert (vote.rating_id, vote.gain, vote.place) == (given.rating_id, 1.0, 1)


@pytest.mark.parametrize("end", ["held", "discarded", "retracted"])
def test_a_rating_that_counts_no_more_takes_its_vote_with_it(laboratory: Laboratory, end: str) -> None:
    _, experiment_id = laboratory.trial()
    given = laboratory.rating((2, 1), reader=laboratory.readers[0], question="Where?")
    laboratory.deliver(given)
    with laboratory.database.begin() as work:
        rating = work.session.get(RatingRecord, given.rating_id)
        assert rating is not None
        if end == "retracted":
            work.session.delete(rating)
        else:
            rating.state = end
        work.commit()
    if end == "held":
        laboratory.deliver(
            RatingsHeld(
                collection_id=laboratory.collection_id, rating_ids=(given.rating_id,), reasons=("a burst",)
            )
        )
    elif end == "discarded":
        laboratory.deliver(RatingReviewed(**given.model_dump(), decision=Decision.DISCARD, by="ada"))
    else:
        laboratory.deliver(given)
    with laboratory.database.read() as work:
        assert list(work.experiments.votes(experiment_id)) == []


def test_a_person_stops_a_trial_and_the_live_model_stays(laboratory: Laboratory) -> None:
    model_id, experiment_id = laboratory.trial()
    live = laboratory.live().id
    stopped = laboratory.ask(StopExperiment(experiment_id=experiment_id, reason="Not now."))
    assert (stopped.state, stopped.decision, stopped.reason) == (ExperimentState.ENDED, "stopped", "Not now.")
    assert (laboratory.model(model_id).state, laboratory.live().id) == ("rejected", live)
    assert laboratory.running() is None
    with pytest.raises(ConflictError, match="ended already"):
        laboratory.ask(StopExperiment(experiment_id=experiment_id))


def test_the_live_model_against_itself_shows_no_difference_and_changes_nothing(
    laboratory: Laboratory,
) -> None:
    laboratory.candidate()
    live = laboratory.live().id
    started = laboratory.ask(StartExperiment(collection_id=laboratory.collection_id, aa=True, share=0.5))
    assert (started.purpose, started.control_id, started.treatment_id) == (Purpose.AA, live, live)
    laboratory.poll(130, better=0.75)
    broken = laboratory.experiment(started.id)
    assert broken.decision == "broken"
    assert broken.reason is not None
    assert broken.reason.startswith("The same system differs from itself")
    assert laboratory.live().id == live


def test_a_promotion_by_hand_ends_the_trial_and_its_candidate_waits_again(laboratory: Laboratory) -> None:
    model_id, experiment_id = laboratory.trial()
    other = laboratory.candidate("retired")
    laboratory.ask(PromoteModel(model_id=other))
    assert laboratory.experiment(experiment_id).decision == "superseded"
    running = laboratory.running()
    assert running is not None
    assert (running.control_id, running.treatment_id) == (other, model_id)


def test_a_second_trial_is_refused_and_a_watch_makes_room(laboratory: Laboratory) -> None:
    laboratory.ask(PromoteModel(model_id=laboratory.candidate("gated")))
    watch = laboratory.running()
    assert watch is not None
    model_id = laboratory.candidate()
    request = StartExperiment(collection_id=laboratory.collection_id, model_id=model_id)
    laboratory.ask(request)
    assert laboratory.experiment(watch.id).decision == "superseded"
    with pytest.raises(ConflictError, match="A trial is running"):
        laboratory.ask(request)
    states = [one.state for one in laboratory.ask(ListExperiments()).items]
    assert states == [ExperimentState.RUNNING, ExperimentState.ENDED]


def test_votes_on_other_searches_are_nobodys(laboratory: Laboratory) -> None:
    _, experiment_id = laboratory.trial()
    given = laboratory.rating((2, 1), reader=laboratory.readers[0], question="Where?")
    with laboratory.database.begin() as work:
        search = work.searches.get(given.search_id)
        search.hits = [{**search.hits[0], "team": None}]
        work.commit()
    laboratory.deliver(given)
    with laboratory.database.read() as work:
        assert work.session.get(ExperimentVoteRecord, given.rating_id) is None
        assert list(work.experiments.votes(experiment_id)) == []


def test_an_answer_speaks_for_the_passages_that_it_cites_on_average(laboratory: Laboratory) -> None:
    _, experiment_id = laboratory.trial()
    given = laboratory.rating((None, 1), reader=laboratory.readers[0], question="Where?")
    answer_id = new_id()
    with laboratory.database.begin() as work:
        search = work.searches.get(given.search_id)
        second = {**search.hits[0], "passage_id": "p2", "control_rank": 1, "treatment_rank": 3}
        search.hits = [*search.hits, second]
        work.conversations.add(
            ConversationRecord(id=answer_id, user_id=laboratory.owner.user_id, created_at=work.now())
        )
        work.session.flush()
        work.answers.add(
            AnswerRecord(
                id=answer_id,
                conversation_id=answer_id,
                user_id=laboratory.owner.user_id,
                question="Where?",
                grounded=True,
                model="extractive",
                answer=answer_of(answer_id, given.search_id, "p1", "p2").model_dump(mode="json"),
                asked_at=work.now(),
            )
        )
        work.session.flush()
        rating = work.session.get(RatingRecord, given.rating_id)
        assert rating is not None
        rating.kind, rating.passage_id, rating.answer_id = "answer", None, answer_id
        work.commit()
    laboratory.deliver(given)
    with laboratory.database.read() as work:
        (vote,) = work.experiments.votes(experiment_id)
    assert vote.gain == pytest.approx(((1.0 - 0.0) + (0.5 - 1.0)) / 2)
    assert vote.place is None, "an answer shows what it cites wherever that stood"


def answer_of(answer_id: str, query_id: str, *passages: str) -> Answer:
    return Answer(
        answer_id=answer_id,
        conversation_id=answer_id,
        question="Where?",
        condensed="Where?",
        style=Style.DEFAULT,
        text="There.",
        grounded=True,
        citations=tuple(
            Citation(
                marker=str(number),
                passage_id=passage,
                document_id="d1",
                collection_id="c1",
                external_id="e1",
                title="",
                uri=None,
                location=Location(),
                quote="There.",
            )
            for number, passage in enumerate(passages, start=1)
        ),
        passages=(),
        query_id=query_id,
        model="extractive",
        prompt_version="1",
        index_version="1",
        took_ms={},
        asked_at=datetime.now(UTC),
    )
