"""What trainers get of a data set."""

from __future__ import annotations

import numpy as np

from src.agents.fine_tuner.examples import Asked, Pool, material_of
from src.agents.fine_tuner.pools import EMPTY

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
