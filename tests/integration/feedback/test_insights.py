"""Why questions fail: each cause, planted, is told from what is known of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from src.core.messages.feedback import (
    Decision,
    NoteSignal,
    RatingState,
    Reason,
    ReviewRatings,
    SignalKind,
    Verdict,
)
from src.core.messages.insights import Action, Cause, ConcernKind, Insight, Trend
from tests.integration.feedback.analysed import (
    aged,
    analysed,
    changed_answer,
    disliked,
    golden,
    hit_rated,
    signalled,
)
from tests.integration.feedback.conftest import Team
from tests.support.application import House, make_settings, running

QUESTION = "How long does a parcel to an island take?"
FOREIGN = (
    "Which enzyme does the vaccine trial inhibit?",
    "What does the vaccine trial inhibit in the enzyme?",
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One kind of database is enough here: what SQL has to do with it is in test_reports.py."""
    with running(make_settings(tmp_path_factory.mktemp("insights") / "data")) as application:
        yield House(application)


def only(insights: list[Insight]) -> Insight:
    (found,) = insights
    return found


def test_questions_that_nothing_is_indexed_about_are_one_group_with_a_plain_name(team: Team) -> None:
    for question in FOREIGN:
        assert not team.answer(question, team.ben).citations
    found = only(analysed(team))
    assert (found.cause, found.action) == (Cause.NOTHING_INDEXED, Action.ADD_SOURCE)
    assert found.title == "Questions about enzyme, inhibit and trial"
    assert found.named_by == "words"
    assert found.question in FOREIGN
    assert (found.size, found.questions, found.readers) == (2, 2, 1)
    assert found.trend is Trend.TOO_FEW
    assert found.evidence.startswith("This holds for 2 of 2 questions. The evidence check refused")
    assert {one.question for one in found.examples} == set(FOREIGN)
    assert found.proposal == "Add a document or a source about it."


def test_what_was_added_since_is_found_now(team: Team) -> None:
    team.answer(FOREIGN[0], team.ben)
    team.house.upload(
        team.collection, {"trial.txt": "The vaccine trial inhibits the enzyme called neuraminidase."}
    )
    found = only(analysed(team))
    assert (found.cause, found.action, found.found_now) == (Cause.NOTHING_INDEXED, Action.WAIT, 1)
    assert "added since is nearer" in found.evidence


def test_a_passage_that_a_golden_set_names_and_that_was_not_shown_was_not_retrieved(team: Team) -> None:
    asked = "When does the boat go?"
    found = team.search(asked, team.ben)
    shown = [hit.external_id for hit in found.hits]
    boats = {f"boats{n}.txt": f"Boat number {n} goes when it is full." for n in range(12)}
    team.house.upload(team.collection, boats)
    found = team.search(asked, team.ben)
    assert "islands.txt" in shown
    assert "islands.txt" not in [hit.external_id for hit in found.hits]
    rating = hit_rated(team, found, 1, Verdict.DOWN, team.ben)
    golden(team, asked, "islands.txt")
    insight = only(analysed(team))
    assert (insight.cause, insight.action) == (Cause.NOT_RETRIEVED, Action.TRAIN)
    assert "“islands.txt” answers it (a golden set names it)" in insight.evidence
    assert [one.title for one in insight.concerns] == ["islands.txt"]
    assert insight.rating_ids == (rating,)


def test_a_correction_that_repeats_an_indexed_passage_was_not_retrieved(team: Team) -> None:
    answer = team.answer("How long does delivery over water take?", team.ben)
    islands = next(hit for hit in answer.passages if hit.external_id == "islands.txt")

    def hide(stored: dict[str, object]) -> None:
        stored["passages"] = [one for one in stored["passages"] if one["external_id"] != "islands.txt"]  # type: ignore[attr-defined, union-attr]
        stored["citations"] = []

    changed_answer(team, answer, hide)
    correction = "Parcels to islands take five working days because of the ferry."
    disliked(team, answer, team.ben, reasons=(Reason.WRONG_PASSAGES,), correction=correction)
    found = only(analysed(team))
    assert found.cause == Cause.NOT_RETRIEVED
    assert "a reader's correction says the same" in found.evidence
    assert found.concerns[0].kind is ConcernKind.PASSAGE
    assert found.concerns[0].id == islands.passage_id
    assert found.reasons == {"wrong_passages": 1}


def test_an_up_voted_passage_that_the_answer_was_shown_and_does_not_cite_was_not_used(team: Team) -> None:
    answer = team.answer(QUESTION, team.ben)
    (place,) = [hit.rank for hit in answer.passages if hit.external_id == "islands.txt"]

    def uncite(stored: dict[str, object]) -> None:
        stored["citations"] = [one for one in stored["citations"] if one["external_id"] != "islands.txt"]  # type: ignore[attr-defined, union-attr]

    changed_answer(team, answer, uncite)
    disliked(team, answer, team.ben)
    found = team.search("How long do parcels to an island take?", team.ada)
    hit_rated(team, found, 1, Verdict.UP, team.ada)
    assert found.hits[0].external_id == "islands.txt"
    insight = only(analysed(team))
    assert (insight.cause, insight.action) == (Cause.NOT_USED, Action.NEW_TEMPLATE)
    assert f"was at place {place} of what was shown, but the answer does not cite it" in insight.evidence


def test_a_wrong_answer_from_right_passages_was_not_used(team: Team) -> None:
    disliked(team, team.answer(QUESTION, team.ben), team.ben, reasons=(Reason.WRONG_ANSWER,))
    found = only(analysed(team))
    assert (found.cause, found.action) == (Cause.NOT_USED, Action.NEW_TEMPLATE)
    assert found.evidence == "Readers call the answer wrong, and do not blame the passages."


def test_a_right_passage_below_a_disliked_one_is_ranked_low(team: Team) -> None:
    found = team.search("How long does it take?", team.ben)
    hit_rated(team, found, 1, Verdict.DOWN, team.ben)
    hit_rated(team, found, 3, Verdict.UP, team.ben)
    insight = only(analysed(team))
    assert (insight.cause, insight.action) == (Cause.RANKED_LOW, Action.TRAIN)
    assert "was at place 3, below place 1" in insight.evidence


def test_readers_who_disagree_on_one_passage_tell_of_no_ranking(team: Team) -> None:
    hit_rated(team, team.search(QUESTION, team.ben), 1, Verdict.DOWN, team.ben)
    hit_rated(team, team.search(QUESTION, team.ada), 1, Verdict.UP, team.ada)
    assert only(analysed(team)).cause == Cause.UNKNOWN


def test_a_source_that_readers_call_outdated_is(team: Team) -> None:
    answer = team.answer(QUESTION, team.ben)
    disliked(team, answer, team.ben, reasons=(Reason.OUTDATED,))
    found = only(analysed(team))
    assert (found.cause, found.action) == (Cause.OUTDATED, Action.FIX_DOCUMENT)
    assert found.concerns[0].kind is ConcernKind.DOCUMENT
    assert found.concerns[0].id == answer.citations[0].document_id
    assert found.proposal.startswith("Upload a current version of the document: ")


def test_a_document_that_changed_after_the_disliked_answer_makes_it_outdated(team: Team) -> None:
    answer = team.answer(QUESTION, team.ben)
    assert "islands.txt" in {one.external_id for one in answer.citations}
    disliked(team, answer, team.ben)
    team.house.upload(team.collection, {"islands.txt": "Parcels to islands take three working days now."})
    found = only(analysed(team))
    assert found.cause == Cause.OUTDATED
    assert "“islands.txt” has changed since it was cited." in found.evidence


def test_a_question_of_one_word_that_is_asked_again_is_unclear(team: Team) -> None:
    first = team.answer("parcel take", team.ben)
    team.answer("parcel take long", team.ben)
    signalled(team, first)
    found = [one for one in analysed(team) if one.question == "parcel take"]
    assert only(found).cause == Cause.UNCLEAR_QUESTION
    assert "hardly any words" in found[0].evidence
    assert "asked again in other words" in found[0].evidence


def test_where_nothing_tells_why_it_says_so(team: Team) -> None:
    disliked(team, team.answer(QUESTION, team.ben), team.ben)
    found = only(analysed(team))
    assert (found.cause, found.action, found.analyzer) == (Cause.UNKNOWN, Action.LOOK, "")


def test_a_hit_that_is_disliked_below_a_liked_one_is_no_failure(team: Team) -> None:
    found = team.search(QUESTION, team.ben)
    hit_rated(team, found, 1, Verdict.UP, team.ben)
    hit_rated(team, found, 2, Verdict.DOWN, team.ben)
    assert analysed(team) == []


def test_discarded_votes_make_no_insight(team: Team) -> None:
    rating = disliked(team, team.answer(QUESTION, team.ben), team.ben)
    assert len(analysed(team)) == 1
    team.house.ask(ReviewRatings(rating_ids=(rating,), decision=Decision.DISCARD))
    team.checked(rating, RatingState.DISCARDED)
    assert analysed(team) == []


def test_a_group_that_stopped_failing_leaves_the_report(team: Team) -> None:
    answer = team.answer(FOREIGN[0], team.ben)
    assert len(analysed(team)) == 1
    aged(team, answer, 15)
    assert analysed(team) == []


def test_each_reader_counts_once_in_each_period(team: Team) -> None:
    readers = [team.member(f"reader{number}", "reader") for number in range(3)]
    for reader in (readers[0], readers[0], readers[1]):
        team.answer(FOREIGN[0], reader)
    aged(team, team.answer(FOREIGN[0], readers[2]), 15)
    found = only(analysed(team))
    assert (found.size, found.before, found.readers, found.questions) == (2, 1, 3, 1)


def test_what_readers_did_is_told_beside_a_failure_and_is_none_by_itself(team: Team) -> None:
    failed, fine = team.answer(FOREIGN[0], team.ben), team.answer(QUESTION, team.ben)
    for answer in (failed, fine):
        left = NoteSignal(kind=SignalKind.LEFT, query_id=answer.query_id, answer_id=answer.answer_id)
        team.ask(left, team.ben)
    found = only(analysed(team))
    assert found.question == FOREIGN[0]
    assert found.signals == {"left": 1}
