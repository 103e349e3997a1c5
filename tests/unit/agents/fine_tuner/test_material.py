"""What trainers get of a data set."""

from __future__ import annotations

import numpy as np

from src.agents.fine_tuner.examples import Asked, Pool, asked_questions, material_of
from src.agents.fine_tuner.pools import EMPTY
from src.database.models import ExampleRecord

from .making import unit


def test_the_features_are_named_also_where_the_first_question_has_only_down_votes() -> None:
    disliked = Asked("q1", "What about one?", {}, {"c1": 1.0})
    liked = Asked("q2", "What about two?", {"c2": 1.0}, {})
    pool = Pool(("dense", "lexical"), ("c1", "c2"), np.ones((2, 2)), np.ones(2), np.ones(2))
    material = material_of(
        [disliked, liked],
        {"q1": unit(1.0), "q2": unit(0.0, 1.0)},
        [EMPTY, pool],
        {"c1": unit(1.0), "c2": unit(0.0, 1.0)},
        near=0.9,
        by_passage=False,
    )
    assert material.names == ("dense", "lexical")
    assert [example.keys for example in material.examples] == [("c1", "c2")]


def test_what_stands_beside_a_liked_passage_is_no_wrong_answer() -> None:
    asked = Asked("q", "What about it?", {"a1": 1.0}, {"a3": 1.0})
    pool = Pool(
        ("dense",),
        ("a1", "a2", "a3", "b1"),
        np.arange(4.0)[:, None],
        np.arange(4.0),
        np.arange(4.0),
        ("a", "a", "a", "b"),
    )
    judged = pool.judged(asked)
    assert judged.keys == ("a1", "a3", "b1"), "a2 was not judged, a3 was voted down"
    assert judged.documents == ("a", "a", "b")
    for column in (judged.features[:, 0], judged.dense, judged.fused):
        assert column.tolist() == [0.0, 2.0, 3.0]
    disliked = Asked("q", "What about it?", {}, {"a1": 1.0})
    assert pool.judged(disliked) is pool
    assert EMPTY.judged(asked) is EMPTY


def groups(*questions: Asked, apart: float = 0.0, by_passage: bool = False) -> list[int]:
    """The groups of questions whose vectors are nearly the same, or ``apart``."""
    pool = Pool(("dense",), ("c1", "c2"), np.ones((2, 1)), np.ones(2), np.ones(2))
    vectors = {asked.key: unit(1.0, apart * number) for number, asked in enumerate(questions)}
    passages = {"c1": unit(1.0), "c2": unit(0.0, 1.0)}
    material = material_of(
        questions, vectors, [pool] * len(questions), passages, near=0.95, by_passage=by_passage
    )
    return [example.group for example in material.examples]


def test_what_one_question_taught_does_not_judge_its_twin() -> None:
    one, twin = Asked("q1", "What?", {"c1": 1.0}, {}), Asked("q2", "What then?", {"c2": 1.0}, {})
    assert groups(one, twin) == [0, 0]
    assert groups(one, twin, apart=1.0) == [0, 1]


def test_where_a_split_is_by_passage_it_is_so_in_what_is_learned_from() -> None:
    one, other = Asked("q1", "What?", {"c1": 1.0}, {}), Asked("q2", "Who?", {"c1": 1.0}, {})
    assert groups(one, other, apart=1.0) == [0, 1]
    assert groups(one, other, apart=1.0, by_passage=True) == [0, 0]


def test_what_stands_in_no_fold_or_was_left_out_is_no_vote() -> None:
    def row(key: str, **other: object) -> ExampleRecord:
        fields = {
            "id": key,
            "question": "What?",
            "question_key": key,
            "content_key": "c1",
            "label": 1.0,
            "weight": 1.0,
        }
        return ExampleRecord(**fields | {"split": 0, "excluded": None} | other)

    found = asked_questions([row("q1"), row("q2", split=None), row("q3", excluded="gone")])
    assert [asked.key for asked in found] == ["q1"]


def test_who_liked_a_passage_is_known_where_the_rating_is() -> None:
    def row(rating: str | None, label: float) -> ExampleRecord:
        fields = {"question": "What?", "question_key": "q1", "content_key": "c1", "weight": 1.0}
        return ExampleRecord(id=str(rating), rating_id=rating, label=label, split=0, **fields)

    rows = [row("one", 1.0), row("two", 1.0), row("three", -1.0), row(None, 1.0), row("gone", 1.0)]
    found = asked_questions(rows, {"one": "ada", "two": "ben", "three": "eve"})
    assert found[0].readers == {"c1": {"ada", "ben"}}
    assert asked_questions(rows)[0].readers == {}
