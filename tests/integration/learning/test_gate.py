"""Candidates are measured against the live model through the whole pipeline before any reader meets them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from src.core.clock import new_id
from src.core.errors import ConflictError, NotFoundError
from src.core.messages.collections import DeleteCollection
from src.core.messages.experiments import GateJob, ListExperiments
from src.core.messages.golden import (
    AcceptGoldenQuestion,
    AddGoldenSet,
    DeleteGoldenSet,
    GoldenJudgment,
    GoldenQuestion,
    ListGoldenSets,
)
from src.core.messages.models import CandidateTrained, GetModel, ModelDetail, ModelState, PromoteModel
from src.database.models import JobRecord, ModelRecord, TrainingRunRecord
from tests.support.application import House, make_settings, running, wait_for
from tests.support.rankers import add_candidate, by_cosine
from tests.support.town import PLACES, Town

QUESTIONS = [f"When does the {place} open?" for place in PLACES]
PROVEN: dict[str, Any] = {
    "against_memory": {
        "all": {
            "questions": 150,
            "change": 0.02,
            "lower": 0.01,
            "upper": 0.03,
            "sentence": "nDCG@10 +0.020",
        }
    }
}


class Gated(Town):
    """With candidates that look at the cosine the wrong way round."""

    def __init__(self, house: House) -> None:
        super().__init__(house)
        self.database = house.application.database

    def golden(self, name: str, model_id: str | None = None, margin: float = 0.005) -> str:
        """A golden set whose right documents are those that a model shows first."""
        questions = tuple(
            GoldenQuestion(
                question=question,
                judgments=(GoldenJudgment(external_id=self.first(question, model_id=model_id)),),
            )
            for question in QUESTIONS
        )
        return self.house.ask(
            AddGoldenSet(collection_id=self.collection_id, name=name, margin=margin, questions=questions)
        ).id

    def candidate(self, figures: dict[str, Any] | None = None, weight: float = -5.0) -> ModelRecord:
        with self.database.begin() as work:
            run = work.training_runs.add(
                TrainingRunRecord(
                    id=new_id(),
                    collection_id=self.collection_id,
                    trainer="ladder",
                    state="succeeded",
                    configuration={},
                    seed=0,
                    environment={},
                    curves={},
                    figures=figures or {},
                    created_at=work.now(),
                )
            )
            work.commit()
        return add_candidate(self.house.application, self.collection_id, by_cosine(weight), run_id=run.id)

    def prove(self, model: ModelRecord) -> ModelDetail:
        """Tell that the candidate is trained, and wait for what the gate says."""
        with self.database.begin() as work:
            work.publish(
                CandidateTrained(
                    model_id=model.id, collection_id=self.collection_id, run_id=model.run_id or ""
                )
            )
            work.commit()
        job_id = wait_for(lambda: self._job(model.id))
        assert self.house.finished(job_id).error is None
        return self.house.ask(GetModel(model_id=model.id))

    def _job(self, model_id: str) -> str | None:
        with self.database.read() as work:
            for job in work.session.scalars(select(JobRecord).where(JobRecord.kind == GateJob.kind)):
                if job.payload["model_id"] == model_id:
                    return job.id
        return None

    def rate(self, question: str, verdict: str = "up") -> str:
        """A counted vote on what is shown first; returns its id."""
        return self.vote(question, self.first(question), verdict)


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder: Path = tmp_path_factory.mktemp("gate") / "data"
    with running(make_settings(folder)) as application:
        yield House(application)


@pytest.fixture
def town(started: House) -> Iterator[Gated]:
    made = Gated(started)
    yield made
    started.ask(DeleteCollection(collection_id=made.collection_id))


def test_a_candidate_that_finds_more_of_what_is_known_is_gated_and_tried(town: Gated) -> None:
    candidate = town.candidate()
    town.golden("desk", candidate.id)
    model = town.prove(candidate)
    assert (model.changes[1].before, model.changes[1].after) == (ModelState.CANDIDATE, ModelState.GATED)
    measured = {one.name: one for one in model.evaluations}
    golden = measured["golden set desk"]
    assert (golden.passed, golden.questions) == (True, len(PLACES))
    assert golden.figures["candidate"]["ndcg@10"] == 1.0
    assert golden.figures["ndcg"]["mean"] > 0.3
    assert measured["own votes, cross-fitted"].passed is None
    assert model.reason is not None
    trial = wait_for(lambda: town.house.ask(ListExperiments(collection_id=town.collection_id)).items)
    assert trial[0].treatment_id == candidate.id


def test_a_candidate_that_falls_on_one_set_is_rejected_whatever_the_others_say(town: Gated) -> None:
    candidate = town.candidate(PROVEN)
    town.golden("desk", candidate.id)
    town.golden("old desk")
    model = town.prove(candidate)
    assert model.state is ModelState.REJECTED
    assert model.reason is not None
    assert model.reason.startswith("Worse offline. Golden set old desk: nDCG@10 -0.")
    assert model.changes[-1].evidence["proofs"]["golden set desk"]["ndcg"]["mean"] > 0


def test_own_votes_gate_a_candidate_where_there_is_no_golden_set(town: Gated) -> None:
    assert town.prove(town.candidate(PROVEN)).changes[1].after is ModelState.GATED


def test_where_own_votes_show_no_clear_change_readers_decide(town: Gated) -> None:
    figures = {"questions": 150, "change": -0.01, "lower": -0.03, "upper": 0.01, "sentence": "nDCG@10 -0.010"}
    model = town.prove(town.candidate({"against_memory": {"all": figures}}))
    gated = model.changes[1]
    assert (gated.after, gated.evidence["outcome"]) == (ModelState.GATED, "open")
    assert gated.reason.startswith("Not clearly better offline")
    assert "Own votes, cross-fitted: nDCG@10 -0.010." in gated.reason
    trial = wait_for(lambda: town.house.ask(ListExperiments(collection_id=town.collection_id)).items)
    assert trial[0].treatment_id == model.id


def test_without_votes_or_golden_sets_there_is_not_enough_data(town: Gated) -> None:
    model = town.prove(town.candidate())
    assert model.state is ModelState.CANDIDATE
    assert model.reason is not None
    assert model.reason.startswith("Not enough data yet to tell whether it is better.")
    assert "0 of 100 questions with votes" in model.reason


def test_replayed_votes_veto_a_disaster(town: Gated) -> None:
    for question in QUESTIONS:
        for opening in ("", "Please tell me: ", "I wonder. "):
            town.rate(opening + question)
    model = town.prove(town.candidate(PROVEN))
    assert model.state is ModelState.REJECTED
    assert model.reason is not None
    assert model.reason.startswith("Worse offline. Logged votes:")


def test_a_candidate_is_compared_with_the_learned_model_that_is_live_and_the_default_is_told_beside(
    town: Gated,
) -> None:
    live = town.candidate(PROVEN, weight=3.0)
    town.house.ask(PromoteModel(model_id=live.id))
    for question in QUESTIONS:
        for opening in ("", "Please tell me: ", "I wonder. "):
            town.rate(opening + question)
    worse = town.prove(town.candidate(PROVEN))
    assert worse.state is ModelState.REJECTED
    assert worse.reason is not None
    assert "Own votes, against the live model: nDCG@10 -0." in worse.reason
    like = town.prove(town.candidate(PROVEN, weight=2.5))
    assert like.changes[1].after is ModelState.GATED
    assert like.changes[1].evidence["against_id"] == live.id
    assert like.changes[1].evidence["measured_on"] == {"golden": 0, "rated": 3 * len(QUESTIONS)}
    measured = {one.name: one for one in like.evaluations}
    assert {one.against_id for one in like.evaluations} == {live.id}
    found = measured["own votes, against the live model"].figures
    assert {"live", "candidate", "default", "ndcg", "against_default"} <= found.keys()


def test_without_a_gain_over_the_default_being_like_the_live_model_proves_nothing(town: Gated) -> None:
    town.house.ask(PromoteModel(model_id=town.candidate(PROVEN, weight=3.0).id))
    for question in QUESTIONS:
        for opening in ("", "Please tell me: ", "I wonder. "):
            town.rate(opening + question)
    assert town.prove(town.candidate(weight=2.5)).state is ModelState.CANDIDATE


def test_a_candidate_whose_file_is_lost_is_rejected(town: Gated) -> None:
    candidate = town.candidate(PROVEN, weight=-4.0)
    town.house.application.adapters.blobs.delete(candidate.artefact or "")
    model = town.prove(candidate)
    assert model.state is ModelState.REJECTED
    assert model.reason is not None
    assert "It cannot rank" in model.reason


def test_golden_sets_grow_by_name_and_go_with_their_questions(town: Gated) -> None:
    set_id = town.golden("desk")
    again = AddGoldenSet(
        collection_id=town.collection_id,
        name="desk",
        margin=0.02,
        questions=(
            GoldenQuestion(question="where  is the HARBOUR", judgments=(GoldenJudgment(external_id="a"),)),
            GoldenQuestion(question="Where is the harbour", judgments=(GoldenJudgment(external_id="b"),)),
        ),
    )
    grown = town.house.ask(again)
    assert (grown.id, grown.questions, grown.margin) == (set_id, len(PLACES) + 1, 0.02)
    assert [one.id for one in town.house.ask(ListGoldenSets(collection_id=town.collection_id)).items] == [
        set_id
    ]
    town.house.ask(DeleteGoldenSet(set_id=set_id))
    assert town.house.ask(ListGoldenSets(collection_id=town.collection_id)).items == ()


def test_a_person_takes_an_up_vote_into_a_golden_set(town: Gated) -> None:
    question = QUESTIONS[0]
    for _ in range(2):
        accepted = town.house.ask(
            AcceptGoldenQuestion(collection_id=town.collection_id, rating_id=town.rate(question))
        )
    assert (accepted.name, accepted.origin, accepted.questions) == ("Accepted from ratings", "accepted", 1)
    with town.database.read() as work:
        (kept,) = work.golden_sets.questions(accepted.id)
    assert (kept.judgments, kept.accepted_by) == ([["harbour.md", 1.0]], "admin")
    down = town.rate(question, "down")
    with pytest.raises(ConflictError, match="up-vote"):
        town.house.ask(AcceptGoldenQuestion(collection_id=town.collection_id, rating_id=down))
    elsewhere = town.house.collection("Elsewhere")
    with pytest.raises(NotFoundError):
        town.house.ask(AcceptGoldenQuestion(collection_id=elsewhere, rating_id=down))
