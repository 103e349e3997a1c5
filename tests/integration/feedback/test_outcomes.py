"""What became of a reader's ratings, as that reader is told."""

from __future__ import annotations

from typing import Any

import pytest

from src.core.caller import Caller
from src.core.clock import new_id
from src.core.errors import ForbiddenError
from src.core.messages.collections import UpdateCollection, Visibility
from src.core.messages.feedback import Decision, RateAnswer, RatingState, Reason, ReviewRatings, Verdict
from src.core.messages.insights import MemoryEffect, RatingOutcome, RatingOutcomes
from src.core.messages.models import ModelState
from src.database.models import DatasetRecord, ExampleRecord, ModelRecord, TrainingRunRecord
from tests.integration.feedback.analysed import hit_rated
from tests.integration.feedback.conftest import Team

QUESTION = "How long does a parcel to an island take?"


def outcomes(team: Team, caller: Caller) -> dict[str, RatingOutcome]:
    """By rating."""
    return {one.rating.id: one for one in team.ask(RatingOutcomes(), caller).items}


def trained(team: Team, examples: dict[str, list[str | None]], state: str | None = None) -> None:
    """A new version of the collection's data with these ratings, each with the reasons for which its
    examples are left out; with a state, a model that was trained on it."""
    with team.house.application.database.begin() as work:
        now = work.now()
        dataset = work.datasets.add(
            DatasetRecord(
                id=new_id(),
                collection_id=team.collection,
                version=work.datasets.next_version(team.collection),
                digest=new_id(),
                counts={},
                created_at=now,
            )
        )
        work.session.flush()
        for rating_id, reasons in examples.items():
            work.session.add_all(
                ExampleRecord(
                    id=new_id(),
                    dataset_id=dataset.id,
                    rating_id=rating_id,
                    origin="hit",
                    question=QUESTION,
                    question_key="0" * 64,
                    content_key="0" * 64,
                    label=1.0,
                    weight=1.0,
                    split=0,
                    excluded=reason,
                )
                for reason in reasons
            )
        if state is not None:
            run = work.training_runs.add(
                TrainingRunRecord(
                    id=new_id(),
                    collection_id=team.collection,
                    trainer="ladder",
                    dataset_id=dataset.id,
                    state="succeeded",
                    configuration={},
                    seed=0,
                    environment={},
                    curves={},
                    figures={},
                    created_at=now,
                )
            )
            work.models.add(
                ModelRecord(
                    id=new_id(),
                    collection_id=team.collection,
                    version=work.models.next_version(team.collection),
                    kind="ladder",
                    run_id=run.id,
                    state=state,
                    card={},
                    created_at=now,
                    changed_at=now,
                )
            )
        work.commit()


def test_an_up_vote_counts_and_lifts_its_passage_for_like_questions(team: Team) -> None:
    found = team.search(QUESTION, team.ben)
    up = hit_rated(team, found, 2, Verdict.UP, team.ben)
    one = outcomes(team, team.ben)[up]
    assert (one.effect, one.dataset, one.models) == (MemoryEffect.LIFTS, None, ())
    assert one.passage is not None
    assert one.passage.id == found.hits[1].passage_id
    assert one.told == (
        "It counts.",
        f"Questions like this one now find “{one.passage.title}” higher than before.",
    )


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"verdict": Verdict.UP}, "a little for the passages that the answer cites"),
        ({"verdict": Verdict.DOWN, "reasons": (Reason.WRONG_PASSAGES,)}, "a little against the passages"),
        ({"verdict": Verdict.DOWN, "correction": "Five working days."}, "what you say would be right"),
        ({"verdict": Verdict.DOWN}, "it names no passage"),
    ],
)
def test_a_rated_answer_says_what_it_counts_for(team: Team, said: dict[str, Any], told: str) -> None:
    answer = team.answer(QUESTION, team.ben)
    rated = team.ask(RateAnswer(answer_id=answer.answer_id, **said), team.ben)
    team.checked(rated.id)
    (sentence,) = outcomes(team, team.ben)[rated.id].told
    assert sentence.startswith("It counts where ways to answer are compared, and ")
    assert told in sentence


def test_votes_that_cancel_each_other_move_nothing_and_more_against_one_lower_it(team: Team) -> None:
    def vote(caller: Caller, verdict: Verdict) -> str:
        return hit_rated(team, team.search(QUESTION, caller), 2, verdict, caller)

    down = vote(team.ben, Verdict.DOWN)
    assert outcomes(team, team.ben)[down].effect is MemoryEffect.LOWERS
    up = vote(team.ada, Verdict.UP)
    assert outcomes(team, team.ben)[down].effect is MemoryEffect.NONE
    assert outcomes(team, team.ada)[up].effect is MemoryEffect.LIFTS


def test_a_rating_tells_of_the_newest_data_and_the_models_that_it_is_part_of(team: Team) -> None:
    found = team.search(QUESTION, team.ben)
    up = hit_rated(team, found, 1, Verdict.UP, team.ben)
    down = hit_rated(team, found, 2, Verdict.DOWN, team.ben)
    trained(team, {up: [None, "readers disagree evenly"]}, ModelState.RETIRED)
    trained(team, {up: [None], down: ["the reader said the same elsewhere"]}, ModelState.LIVE)
    told = outcomes(team, team.ben)
    dataset = told[up].dataset
    assert dataset is not None
    assert (dataset.version, dataset.used, dataset.reason) == (2, True, None)
    assert [(one.version, one.state) for one in told[up].models] == [
        (2, ModelState.LIVE),
        (1, ModelState.RETIRED),
    ]
    assert "It is part of model 2, which ranks now." in told[up].told
    assert told[down].models == ()
    assert (
        "It is left out of version 2 of the training data: the reader said the same elsewhere."
        in told[down].told
    )


def test_a_discarded_rating_says_so_and_does_nothing(team: Team) -> None:
    up = hit_rated(team, team.search(QUESTION, team.ben), 1, Verdict.UP, team.ben)
    team.house.ask(ReviewRatings(rating_ids=(up,), decision=Decision.DISCARD))
    team.checked(up, RatingState.DISCARDED)
    one = outcomes(team, team.ben)[up]
    assert one.told == ("An administrator decided that it does not count.",)
    assert one.effect is MemoryEffect.NONE


def test_only_ones_own_ratings_are_told_of_and_a_page_at_a_time(team: Team) -> None:
    found = team.search(QUESTION, team.ben)
    mine = [hit_rated(team, found, place, Verdict.UP, team.ben) for place in (1, 2, 3)]
    hit_rated(team, team.search(QUESTION, team.ada), 1, Verdict.UP, team.ada)
    first = team.ask(RatingOutcomes(limit=2), team.ben)
    second = team.ask(RatingOutcomes(limit=2, cursor=first.next), team.ben)
    assert [one.rating.id for one in (*first.items, *second.items)] == mine[::-1]
    with pytest.raises(ForbiddenError):
        team.ask(RatingOutcomes(), Caller.agent("monitor"))


def test_who_lost_the_collection_is_told_of_the_rating_alone(team: Team) -> None:
    up = hit_rated(team, team.search(QUESTION, team.ben), 1, Verdict.UP, team.ben)
    trained(team, {up: [None]}, ModelState.LIVE)
    change = UpdateCollection(collection_id=team.collection, visibility=Visibility.PRIVATE)
    team.ask(change, team.ada)
    one = outcomes(team, team.ben)[up]
    assert (one.dataset, one.models, one.passage, one.effect) == (None, (), None, MemoryEffect.NONE)
    assert one.told == ("It counts.",)
