"""What each analyzer makes of evidence, and what it leaves to others."""

from __future__ import annotations

import pytest

from src.agents.feedback_analyst.analysis import analyzers
from src.agents.feedback_analyst.analysis.analyzer import strongest
from src.agents.feedback_analyst.analysis.evidence import Origin
from src.agents.feedback_analyst.analysis.failures import Shown, Sign
from src.core.messages.feedback import Reason
from src.core.messages.insights import Action, Cause
from src.services.text.evidence import Weighed
from src.wiring import make_analyzers

from .failing import evidence, facts, hit, target

REFUSED = Sign.REFUSED
DISLIKED = Sign.ANSWER_DISLIKED
FAR = (("a", 0.2), ("b", 0.1))
NEAR = (("a", 0.8), ("b", 0.6))


def test_a_refused_question_that_no_search_answers_has_nothing_indexed_about_it() -> None:
    found = analyzers.NothingIndexed().diagnose(evidence(REFUSED, shown=FAR, found=[hit("a", 1, 0.2)]))
    assert found is not None
    assert (found.cause, found.action) == (Cause.NOTHING_INDEXED, Action.ADD_SOURCE)
    assert "only 0.20" in found.sentence
    assert [one.id for one in found.concerns] == ["a", "b"]


@pytest.mark.parametrize(
    ("usual", "now", "told"), [(0.65, 0.6, True), (0.55, 0.6, False), (None, 0.6, False), (0.65, 0.7, False)]
)
def test_what_is_farther_than_it_is_where_readers_are_content_is_missing(
    usual: float | None, now: float, told: bool
) -> None:
    one = evidence(Sign.HIT_DISLIKED, shown=(("a", 0.6),), usual=usual, found=[hit("a", 1, now)])
    assert (analyzers.NothingIndexed().diagnose(one) is not None) is told


@pytest.mark.parametrize(("strength", "told"), [(0.41, True), (0.45, False)])
@pytest.mark.parametrize("usual", [None, 0.3])
def test_what_is_no_evidence_for_an_answer_is_missing_also_where_nobody_asked_for_one(
    strength: float, told: bool, usual: float | None
) -> None:
    """A question of another subject: its nearest passage is not so far that this alone would tell it."""
    weighed = Weighed(cosine=0.4, coverage=0.1, strength=strength, enough=strength >= 0.44)
    one = evidence(
        Sign.HIT_DISLIKED, shown=(("a", 0.4),), usual=usual, found=[hit("a", 1, 0.4)], weighed=weighed
    )
    found = analyzers.NothingIndexed().diagnose(one)
    assert (found is not None) is told
    assert found is None or "only 0.40" in found.sentence


@pytest.mark.parametrize(
    "more",
    [
        {"shown": NEAR, "signs": DISLIKED},
        {"targets": [target("c")], "signs": REFUSED},
        {"found": [hit("c", 1, 0.9)], "signs": REFUSED},
    ],
    ids=["the shown is near", "a reader knows better", "a search finds it"],
)
def test_what_is_indexed_is_not_called_missing(more: dict) -> None:
    sign = more.pop("signs")
    assert analyzers.NothingIndexed().diagnose(evidence(sign, **{"shown": FAR, **more})) is None


def test_what_was_added_since_was_missing_and_is_found_now() -> None:
    added = facts("c", added_days_ago=0.1)
    one = evidence(REFUSED, shown=FAR, found=[hit("c", 1, 0.9)], documents=[added])
    found = analyzers.NothingIndexed().diagnose(one)
    assert found is not None
    assert one.found_now
    assert analyzers.NotRetrieved().diagnose(one) is None


def test_a_known_passage_that_was_not_shown_was_not_retrieved_and_its_place_is_told() -> None:
    deep = evidence(DISLIKED, shown=FAR, targets=[target("c")], found=[hit("a", 1, 0.4), hit("c", 37, 0.3)])
    found = analyzers.NotRetrieved().diagnose(deep)
    assert found is not None
    assert (found.cause, found.action) == (Cause.NOT_RETRIEVED, Action.TRAIN)
    assert found.sentence.endswith("Without those votes a search now has it at place 37.")
    assert not deep.found_now


def test_a_known_passage_that_no_depth_finds_uses_other_words() -> None:
    found = analyzers.NotRetrieved().diagnose(
        evidence(DISLIKED, shown=FAR, targets=[target("c", Origin.GOLDEN)], found=[hit("a", 1, 0.4)])
    )
    assert found is not None
    assert found.action == Action.FIX_DOCUMENT
    assert "a golden set names it" in found.sentence


def test_a_near_duplicate_of_a_known_passage_counts_as_it() -> None:
    one = evidence(DISLIKED, shown=NEAR, targets=[target("c")], found=[hit("b", 2, 0.6, "c-1")])
    assert one.replay is not None
    assert one.replay.rank(target("c")) == 2
    assert one.found_now


def test_a_refused_question_that_a_search_of_the_collection_answers_was_not_retrieved() -> None:
    found = analyzers.NotRetrieved().diagnose(evidence(REFUSED, shown=FAR, found=[hit("c", 4, 0.7)]))
    assert found is not None
    assert "“c” at place 4 with a similarity of 0.70" in found.sentence


def test_a_shown_passage_that_the_answer_does_not_cite_was_not_used() -> None:
    one = evidence(DISLIKED, shown=NEAR, targets=[target("b")], answer_id="answer", cited=frozenset({"a-1"}))
    found = analyzers.NotUsed().diagnose(one)
    assert found is not None
    assert (found.cause, found.action) == (Cause.NOT_USED, Action.NEW_TEMPLATE)
    assert analyzers.NotRetrieved().diagnose(one) is None


def test_an_answer_that_cites_one_of_the_known_passages_used_it() -> None:
    one = evidence(
        DISLIKED,
        shown=NEAR,
        targets=[target("a"), target("b")],
        answer_id="answer",
        cited=frozenset({"a-1"}),
    )
    assert analyzers.NotUsed().diagnose(one) is None


@pytest.mark.parametrize(
    ("reasons", "told"),
    [
        ({Reason.WRONG_ANSWER}, True),
        ({Reason.INCOMPLETE}, True),
        ({Reason.WRONG_ANSWER, Reason.WRONG_PASSAGES}, False),
        ({Reason.OTHER}, False),
    ],
)
def test_readers_who_blame_the_answer_and_not_its_passages_tell_that_they_were_not_used(
    reasons: set[Reason], told: bool
) -> None:
    one = evidence(DISLIKED, shown=NEAR, answer_id="answer", reasons=reasons)
    assert (analyzers.NotUsed().diagnose(one) is not None) is told


def test_a_near_duplicate_that_is_cited_is_used() -> None:
    one = evidence(DISLIKED, targets=[target("b")], answer_id="answer", cited=frozenset({"a-1"}))
    shown = (Shown("a-1", "a", 1, 0.8, 0.8, ("b-1",)),)
    one.latest.shown = shown
    assert analyzers.NotUsed().diagnose(one) is None


@pytest.mark.parametrize(("shown", "told"), [(NEAR, True), (FAR, False)])
def test_statements_without_a_source_beside_near_passages_did_not_use_them(
    shown: tuple[tuple[str, float], ...], told: bool
) -> None:
    found = analyzers.NotUsed().diagnose(evidence(Sign.UNSUPPORTED, shown=shown, answer_id="answer"))
    assert (found is not None) is told


def test_a_search_that_has_a_known_passage_below_a_disliked_one_ranks_it_low() -> None:
    one = evidence(Sign.HIT_DISLIKED, shown=NEAR, targets=[target("b")], disliked={"a-1"})
    found = analyzers.RankedLow().diagnose(one)
    assert found is not None
    assert (found.cause, found.action) == (Cause.RANKED_LOW, Action.TRAIN)
    above = evidence(Sign.HIT_DISLIKED, shown=NEAR, targets=[target("a")], disliked={"b-1"})
    assert analyzers.RankedLow().diagnose(above) is None


def test_what_comes_from_a_source_is_brought_up_to_date_there() -> None:
    found = analyzers.Outdated().diagnose(
        evidence(
            DISLIKED,
            documents=[facts("a", source_id="git")],
            versions={"a": "old"},
            reasons={Reason.OUTDATED},
        )
    )
    assert found is not None
    assert (found.cause, found.action) == (Cause.OUTDATED, Action.REINGEST)
    assert [(one.kind.value, one.id) for one in found.concerns] == [("document", "a"), ("source", "git")]


@pytest.mark.parametrize(
    ("versions", "gone", "told"),
    [
        ({"a": "old"}, (), True),
        ({"a": "new"}, (), False),
        ({"a": None}, (), False),
        ({"x": "old"}, ("x",), True),
    ],
    ids=["changed", "the same", "not known", "removed"],
)
def test_a_cited_document_that_changed_or_went_makes_a_disliked_answer_outdated(
    versions: dict[str, str | None], gone: tuple[str, ...], told: bool
) -> None:
    one = evidence(DISLIKED, documents=[facts("a")], versions=versions, gone=gone, answer_id="answer")
    assert (analyzers.Outdated().diagnose(one) is not None) is told


def test_a_change_says_nothing_of_an_answer_that_nobody_disliked() -> None:
    one = evidence(Sign.UNSUPPORTED, documents=[facts("a")], versions={"a": "old"})
    assert analyzers.Outdated().diagnose(one) is None


SPREAD = tuple((name, 0.5 + place / 100) for place, name in enumerate("abcde"))


@pytest.mark.parametrize(
    ("question", "shown", "signs", "told"),
    [
        ("parcel", NEAR, {Sign.ASKED_AGAIN}, True),
        ("parcel", SPREAD, {DISLIKED}, True),
        ("how long does a parcel take", SPREAD, {Sign.ASKED_AGAIN}, True),
        ("parcel", NEAR, {DISLIKED}, False),
        ("how long does a parcel take", NEAR, {Sign.ASKED_AGAIN}, False),
        ("how long does a parcel take", SPREAD, {DISLIKED}, False),
    ],
)
def test_a_question_is_unclear_by_two_of_three_signs(
    question: str, shown: tuple[tuple[str, float], ...], signs: set[Sign], told: bool
) -> None:
    found = analyzers.UnclearQuestion().diagnose(evidence(*signs, question=question, shown=shown))
    assert (found is not None) is told


def test_a_question_whose_answer_is_known_is_clear() -> None:
    one = evidence(Sign.ASKED_AGAIN, question="parcel", shown=SPREAD, targets=[target("a")])
    assert analyzers.UnclearQuestion().diagnose(one) is None


def test_the_best_supported_cause_counts() -> None:
    outdated = evidence(
        DISLIKED, shown=NEAR, answer_id="answer", reasons={Reason.OUTDATED, Reason.INCOMPLETE}
    )
    assert strongest(make_analyzers(), outdated)[0] == "outdated"
    tone = evidence(DISLIKED, shown=NEAR, answer_id="answer", reasons={Reason.WRONG_TONE})
    assert strongest(make_analyzers(), tone)[1].cause == Cause.WORDING


def test_without_any_evidence_the_cause_is_not_known() -> None:
    name, found = strongest(make_analyzers(), evidence(DISLIKED, shown=NEAR, answer_id="answer"))
    assert (name, found.cause, found.action) == ("", Cause.UNKNOWN, Action.LOOK)


def test_every_analyzer_has_a_name_of_its_own() -> None:
    names = [one.name for one in make_analyzers()]
    assert len(set(names)) == len(names)
