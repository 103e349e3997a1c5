"""What a reader says would be right counts for the passage that says the same, and for no other."""

from __future__ import annotations

import pytest

from src.agents.fine_tuner.votes import WEIGHTS, Exclusion, Origin
from src.core.messages.feedback import RateAnswer, RateHit, UnrateAnswer, Verdict
from src.core.messages.jobs import GetJob
from src.core.messages.training import DatasetExample, ListDatasetExamples, ListDatasets, StartTraining
from src.database.models import PassageRecord, SearchRecord
from tests.integration.feedback.conftest import Team
from tests.support.application import ENDED, wait_for

QUESTION = "How long does a parcel to an island take?"
RIGHT = "No, that is wrong. It takes five working days to an island, since the ferry sails but twice."


def corrected(team: Team, correction: str) -> str:
    """The id of the answer that Ben puts right."""
    answer = team.answer(QUESTION, team.ben)
    rated = team.ask(
        RateAnswer(answer_id=answer.answer_id, verdict=Verdict.DOWN, correction=correction), team.ben
    )
    team.checked(rated.id)
    return answer.answer_id


def examples(team: Team) -> list[DatasetExample]:
    """What a data set that is made now says of corrections."""
    queued = team.ask(StartTraining(collection_id=team.collection), team.ada)
    wait_for(lambda: team.ask(GetJob(job_id=queued.job_id), team.ada).state in ENDED, timeout_s=60)
    made = team.ask(ListDatasets(collection_id=team.collection), team.ada).items[0]
    found = team.ask(ListDatasetExamples(dataset_id=made.id), team.ada).items
    return [one for one in found if one.origin in (Origin.STATEMENT, Origin.CORRECTION)]


def content(team: Team, external_id: str) -> str:
    hit = next(hit for hit in team.search(QUESTION, team.ben).hits if hit.external_id == external_id)
    with team.house.application.database.read() as work:
        passage = work.session.get(PassageRecord, hit.passage_id)
        assert passage is not None
        return passage.embedding_key


def test_a_correction_in_plain_words_is_a_weak_up_vote_for_the_passage_that_says_the_same(team: Team) -> None:
    answer_id = corrected(team, RIGHT)
    with team.house.application.database.read() as work:
        before = work.session.query(SearchRecord).count()
    (example,) = examples(team)
    assert (example.origin, example.label, example.weight) == (
        Origin.STATEMENT,
        1.0,
        WEIGHTS[Origin.STATEMENT],
    )
    assert (example.question, example.content_key) == (QUESTION, content(team, "islands.txt"))
    assert example.excluded is None
    assert example.rating_id is not None
    with team.house.application.database.read() as work:
        assert work.session.query(SearchRecord).count() <= before + 1, "the words are kept nowhere"
    team.ask(UnrateAnswer(answer_id=answer_id), team.ben)
    assert examples(team) == []


@pytest.mark.parametrize(
    "correction",
    [
        "It takes nine working days to an island, since the ferry sails but twice.",
        "It does not take five working days to an island, where a ferry sails.",
        "Your money comes back within fourteen days after returned goods have arrived.",
        "The warehouse closes at noon on the last Friday of the month.",
    ],
)
def test_what_no_passage_says_of_the_question_is_left_out_with_its_reason(
    team: Team, correction: str
) -> None:
    corrected(team, correction)
    (example,) = examples(team)
    assert (example.origin, example.excluded) == (Origin.STATEMENT, Exclusion.UNSUPPORTED)


def test_two_words_are_not_looked_up(team: Team) -> None:
    corrected(team, "Nine days.")
    (example,) = examples(team)
    assert (example.origin, example.excluded) == (Origin.CORRECTION, Exclusion.CORRECTION)


def test_what_a_reader_said_of_the_passage_itself_goes_before_what_follows_from_a_correction(
    team: Team,
) -> None:
    corrected(team, RIGHT)
    results = team.search(QUESTION, team.ben)
    hit = next(hit for hit in results.hits if hit.external_id == "islands.txt")
    rate = RateHit(query_id=results.query_id, passage_id=hit.passage_id, verdict=Verdict.DOWN)
    team.checked(team.ask(rate, team.ben).id)
    (example,) = examples(team)
    assert example.excluded == Exclusion.ITSELF
