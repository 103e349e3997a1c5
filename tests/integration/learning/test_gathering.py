"""What answers, corrections and documents say of passages, as votes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from src.agents.fine_tuner.gathering import gather
from src.agents.fine_tuner.votes import WEIGHTS, Exclusion, Origin, Vote
from src.core.caller import Caller
from src.core.messages.documents import AddDocuments, ImportDocuments, UploadedFile
from src.core.messages.feedback import RateAnswer, RateCitation, RatingState, Reason, Verdict
from src.core.messages.questions import Answer
from src.core.messages.ranking import GatherPool
from src.database.models import PassageRecord, RatingRecord
from tests.integration.feedback.conftest import Team

QUESTION = "How long does a parcel to an island take?"


def votes(team: Team) -> list[Vote]:
    with team.house.application.database.read() as work:
        return gather(work, team.collection)


def content(team: Team, passage_id: str) -> str:
    with team.house.application.database.read() as work:
        passage = work.session.get(PassageRecord, passage_id)
        assert passage is not None
        return passage.embedding_key


def rate(team: Team, verdict: Verdict, **how: object) -> Answer:
    answer = team.answer(QUESTION, team.ben)
    rated = team.ask(RateAnswer(answer_id=answer.answer_id, verdict=verdict, **how), team.ben)
    team.checked(rated.id)
    return answer


def test_a_good_answer_vouches_a_little_for_what_it_cites(team: Team) -> None:
    answer = rate(team, Verdict.UP)
    cited = {content(team, citation.passage_id) for citation in answer.citations}
    found = votes(team)
    assert {vote.content_key for vote in found} == cited
    assert {(vote.origin, vote.up, vote.weight) for vote in found} == {
        (Origin.ANSWER, True, WEIGHTS[Origin.ANSWER])
    }
    assert {vote.question for vote in found} == {answer.condensed}


def test_wrong_passages_blame_those_that_were_shown_first(team: Team) -> None:
    answer = rate(team, Verdict.DOWN, reasons=(Reason.WRONG_PASSAGES,))
    shown = [content(team, hit.passage_id) for hit in answer.passages[:3]]
    assert [(vote.content_key, vote.up) for vote in votes(team)] == [(key, False) for key in shown]


def test_a_bad_answer_from_right_passages_says_nothing_of_them(team: Team) -> None:
    rate(team, Verdict.DOWN, reasons=(Reason.WRONG_ANSWER,))
    (vote,) = votes(team)
    assert (vote.content_key, vote.hindrance) == (None, Exclusion.NO_PASSAGE)


@pytest.mark.parametrize(
    ("correction", "names"),
    [
        ("Better: Returned goods are refunded within fourteen days after they arrive.", "returns.txt"),
        ("It stands in returns.txt.", "returns.txt"),
        ("Three days, I think.", None),
        ("See parcels.txt and islands.txt, both say it.", None),
    ],
)
def test_a_correction_counts_where_it_points_to_one_passage(
    team: Team, correction: str, names: str | None
) -> None:
    answer = rate(team, Verdict.DOWN, correction=correction)
    (vote,) = [one for one in votes(team) if one.origin is Origin.CORRECTION]
    if names is None:
        assert (vote.content_key, vote.hindrance) == (None, Exclusion.CORRECTION)
    else:
        (named,) = [hit for hit in answer.passages if hit.external_id == names]
        assert (vote.content_key, vote.up, vote.hindrance) == (content(team, named.passage_id), True, None)


def test_held_ratings_are_gathered_with_their_reason_and_unchecked_ones_are_not(team: Team) -> None:
    answer = team.answer(QUESTION, team.ben)
    cited = answer.citations[0]
    rated = team.ask(
        RateCitation(answer_id=answer.answer_id, marker=cited.marker, verdict=Verdict.UP), team.ben
    )
    team.checked(rated.id)
    for state, expected in (
        (RatingState.HELD, [Exclusion.HELD]),
        (RatingState.DISCARDED, [Exclusion.DISCARDED]),
        (RatingState.NEW, []),
        (RatingState.COUNTED, [None]),
    ):
        with team.house.application.database.begin() as work:
            record = work.session.get(RatingRecord, rated.id)
            assert record is not None
            record.state = state.value
            work.commit()
        assert [vote.hindrance for vote in votes(team)] == expected


def test_a_passage_that_was_changed_since_teaches_nothing_of_its_new_text(team: Team) -> None:
    answer = team.answer(QUESTION, team.ben)
    cited = answer.citations[0]
    rated = team.ask(
        RateCitation(answer_id=answer.answer_id, marker=cited.marker, verdict=Verdict.UP), team.ben
    )
    team.checked(rated.id)
    before = content(team, cited.passage_id)
    changed = UploadedFile(name=cited.external_id, content=b"Something else entirely.")
    added = team.ask(AddDocuments(collection_id=team.collection, files=(changed,)), team.ada)
    team.house.finished(added.job_id)
    (vote,) = votes(team)
    assert vote.content_key == before


def test_a_forum_s_votes_come_with_its_answers(team: Team) -> None:
    asked = "How to cross?"
    answers: list[tuple[str, str, dict[str, Any]]] = [
        ("", "Use the ferry.", {"question": asked, "score": 4}),
        ("", "Swim across.", {"question": asked, "score": -2}),
        ("", "By boat then.", {"question": asked, "score": 0, "accepted": True}),
        ("", "No idea at all.", {"question": asked, "score": 0}),
        (asked, "With a bridge.", {"question": asked, "score": 9}),
        ("", "Unrelated notes.", {"score": 9}),
    ]
    lines = [
        {"external_id": f"a{number}", "title": title, "text": text, "metadata": metadata}
        for number, (title, text, metadata) in enumerate(answers)
    ]
    body = "\n".join(map(json.dumps, lines)).encode()
    job = team.ask(ImportDocuments(collection_id=team.collection, body=body), team.ada).job_id
    team.house.finished(job)
    found = votes(team)
    assert [(vote.up, vote.hindrance, vote.rating_id, vote.reader) for vote in found] == [
        (True, None, None, None),
        (False, None, None, None),
        (True, None, None, None),
        (True, Exclusion.TITLE, None, None),
    ]
    assert {vote.weight for vote in found} == {WEIGHTS[Origin.DOCUMENT]}


def test_a_forum_s_question_is_cut_to_what_can_be_searched_and_a_score_may_be_of_any_size(team: Team) -> None:
    metadata = {"question": "How to cross the river? " * 1000, "score": -(10**400)}
    line = json.dumps({"external_id": "long", "title": "", "text": "Use a boat.", "metadata": metadata})
    accepted = team.ask(ImportDocuments(collection_id=team.collection, body=line.encode()), team.ada)
    assert accepted.rejected == ()
    team.house.finished(accepted.job_id)
    (vote,) = votes(team)
    assert (vote.up, len(vote.question) <= 4000) == (False, True)
    pool = team.house.application.orchestrator.ask(
        GatherPool(collection_id=team.collection, query=vote.question),
        team.house.context(Caller.agent("fine_tuner")),
    )
    assert pool.passage_ids
