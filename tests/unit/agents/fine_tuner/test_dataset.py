"""Which votes are learned from, and why the others are not."""

from __future__ import annotations

import random

import pytest

from src.agents.fine_tuner.dataset import DatasetSettings
from src.agents.fine_tuner.votes import Exclusion, Origin

from .making import apart, drafted, fates, unit, vote


def test_votes_that_nothing_speaks_against_are_taken_and_counted() -> None:
    made = drafted([vote(1), vote(2, "q2", "c2", up=False, reader="ben"), vote(3, "q2", "c3")])
    assert set(fates(made).values()) == {None}
    assert made.counts == {
        "votes": 3,
        "taken": 3,
        "of_readers": 3,
        "questions": 2,
        "questions_with_up": 2,
        "ups": 2,
        "downs": 1,
        "readers": 2,
        "origins": {"hit": 3},
        "excluded": {},
    }


def test_the_order_of_the_votes_makes_no_difference_and_any_change_does() -> None:
    votes = [vote(n, f"q{n % 7}", f"c{n % 5}", reader=f"u{n % 3}", up=n % 4 > 0) for n in range(40)]
    shuffled = votes.copy()
    random.Random(1).shuffle(shuffled)
    assert drafted(votes) == drafted(shuffled)
    assert drafted(votes).digest != drafted(votes[1:]).digest
    assert drafted(votes).digest != drafted(votes, gone=frozenset({"c1"})).digest
    assert drafted(votes).digest != drafted(votes, settings=DatasetSettings(folds=3)).digest


def test_held_and_discarded_votes_stay_out_with_their_reason() -> None:
    made = drafted(
        [vote(1, hindrance=Exclusion.HELD), vote(2, "q2", hindrance=Exclusion.DISCARDED), vote(3, "q3")]
    )
    assert fates(made) == {"r00001": Exclusion.HELD, "r00002": Exclusion.DISCARDED, "r00003": None}
    assert made.counts["excluded"] == {Exclusion.HELD.value: 1, Exclusion.DISCARDED.value: 1}


def test_a_passage_that_is_gone_teaches_nothing() -> None:
    made = drafted([vote(1), vote(2, "q1", "c2"), vote(3, "q1", None)], gone=frozenset({"c2"}))
    assert fates(made) == {"r00001": None, "r00002": Exclusion.GONE, "r00003": Exclusion.GONE}


def test_what_a_reader_says_twice_counts_once_and_its_newest_stays() -> None:
    made = drafted([vote(1), vote(2), vote(3, reader="ben")])
    assert fates(made) == {"r00001": Exclusion.DUPLICATE, "r00002": None, "r00003": None}


def test_a_reader_who_says_both_is_taken_at_what_they_say_more_often() -> None:
    evenly = drafted([vote(1), vote(2, up=False)])
    assert set(fates(evenly).values()) == {Exclusion.CONTRADICTION}
    mostly = drafted([vote(1), vote(2, up=False), vote(3)])
    assert fates(mostly) == {
        "r00001": Exclusion.DUPLICATE,
        "r00002": Exclusion.CONTRADICTION,
        "r00003": None,
    }


def test_readers_who_disagree_evenly_cancel_out_and_a_majority_does_not() -> None:
    votes = [vote(1), vote(2, up=False, reader="ben")]
    assert set(fates(drafted(votes)).values()) == {Exclusion.DISAGREEMENT}
    assert set(fates(drafted([*votes, vote(3, reader="cleo")])).values()) == {None}


def test_a_verdict_on_an_answer_yields_to_what_its_reader_says_of_the_passage() -> None:
    weak = vote(1, origin=Origin.ANSWER, weight=0.3)
    assert fates(drafted([weak, vote(2, up=False, origin=Origin.CITATION)])) == {
        "r00001": Exclusion.ITSELF,
        "r00002": None,
    }
    assert set(fates(drafted([weak, vote(2, reader="ben")])).values()) == {None}


@pytest.mark.parametrize("near", [True, False])
def test_a_question_that_models_are_judged_by_is_not_trained_on(near: bool) -> None:
    vectors = {"q1": unit(1.0, 0.3), "q2": unit(0.0, 1.0)}
    golden = {"proof": unit(1.0, 0.31)} if near else {"q1": unit(0.0, 0.0, 1.0)}
    made = drafted([vote(1, "q1"), vote(2, "q2")], vectors=vectors, golden=golden)
    assert fates(made) == {"r00001": Exclusion.GOLDEN, "r00002": None}


def test_one_reader_of_several_gives_no_more_than_their_share_and_their_newest_count() -> None:
    loud = [vote(n, f"q{n}", f"c{n}") for n in range(60)]
    others = [
        vote(100 + n, f"q{100 + n}", "c1", reader=reader)
        for reader, start in (("ben", 0), ("cleo", 10))
        for n in range(start, start + 10)
    ]
    settings = DatasetSettings(share=0.5, share_least=5, passage_most=60)
    made = drafted([*loud, *others], settings=settings)
    left = sorted(str(key) for key, why in fates(made).items() if why is Exclusion.SHARE)
    assert left == [f"r{n:05}" for n in range(40)]
    assert made.counts["taken"] == 40
    assert drafted([*loud, *others[:10]], settings=settings).counts["taken"] == 70, "of two nobody is capped"


def test_one_reader_s_liking_of_a_passage_counts_for_a_few_questions_the_newest() -> None:
    pushed = [vote(n, f"q{n}", "c1") for n in range(30)]
    other_reader = [vote(100 + n, f"q{n}", "c1", reader="ben") for n in range(4)]
    other_passage = [vote(200 + n, f"q{n}", "c2") for n in range(4)]
    disliked = [vote(300 + n, f"q{300 + n}", "c1", up=False) for n in range(8)]
    made = drafted([*pushed, *other_reader, *other_passage, *disliked])
    left = sorted(str(key) for key, why in fates(made).items() if why is Exclusion.PASSAGE)
    assert left == [f"r{n:05}" for n in range(26)]
    assert made.counts["taken"] == 4 + 4 + 4 + 8


def test_what_a_reader_said_of_a_passage_itself_is_taken_before_what_follows_from_answers() -> None:
    direct = [vote(n, f"q{n}") for n in range(3)]
    inferred = [vote(10 + n, f"q{10 + n}", origin=Origin.ANSWER, weight=0.3) for n in range(3)]
    made = drafted([*direct, *inferred], settings=DatasetSettings(passage_most=4))
    left = sorted(str(key) for key, why in fates(made).items() if why is Exclusion.PASSAGE)
    assert left == ["r00010", "r00011"]


def test_a_document_s_own_votes_have_no_reader_and_no_cap() -> None:
    brought = [vote(n, f"q{n}", "c1", reader=None, rating_id=None, origin=Origin.DOCUMENT) for n in range(30)]
    settings = DatasetSettings(passage_most=1, share_least=1, share_from=1)
    assert drafted(brought, settings=settings).counts["taken"] == 30


def test_only_the_questions_that_were_voted_on_last_are_trained_on() -> None:
    made = drafted([vote(n, f"q{n}") for n in range(5)], settings=DatasetSettings(newest_questions=2))
    assert [key for key, why in fates(made).items() if why is None] == ["r00003", "r00004"]


def test_questions_that_are_nearly_the_same_share_a_fold() -> None:
    keys = [f"q{n:02}" for n in range(30)]
    vectors = apart(keys)
    for twin in range(10):
        vectors[f"t{twin:02}"] = vectors[f"q{twin:02}"]
    made = drafted([vote(n, key, f"c{n}") for n, key in enumerate(vectors)], vectors=vectors)
    folds = {judgment.vote.question_key: judgment.split for judgment in made.judgments}
    assert set(folds.values()) == set(range(5))
    assert all(folds[f"t{twin:02}"] == folds[f"q{twin:02}"] for twin in range(10))


def test_a_split_by_passage_keeps_the_questions_of_a_passage_together() -> None:
    votes = [vote(n, f"q{n:02}", f"c{n % 6}") for n in range(30)]
    made = drafted(votes, settings=DatasetSettings(by_passage=True, passage_most=30))
    folds: dict[str | None, set[int | None]] = {}
    for judgment in made.judgments:
        folds.setdefault(judgment.vote.content_key, set()).add(judgment.split)
    assert all(len(found) == 1 for found in folds.values())
    assert len(set.union(*folds.values())) == 5


def test_no_votes_make_an_empty_data_set() -> None:
    assert drafted([]).counts["taken"] == 0
