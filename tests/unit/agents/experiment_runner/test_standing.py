"""At which place votes and hits are, where the compared models rank passages that are cut in two ways."""

from __future__ import annotations

from src.agents.experiment_runner.standing import places


def test_without_counterparts_each_content_is_a_place_of_its_own() -> None:
    assert places({"a", "b"}, {}) == {"a": "a", "b": "b"}


def test_the_parts_of_a_liked_passage_are_its_place() -> None:
    assert places({"a"}, {"a": ["a1", "a2"]}) == {"a": "a", "a1": "a", "a2": "a"}


def test_liked_passages_that_are_one_elsewhere_are_one_place() -> None:
    found = places({"a", "b", "c"}, {"a": ["ab"], "b": ["ab", "bc"], "c": ["bc"]})
    assert set(found.values()) == {"a"}
    assert places({"a", "b"}, {"a": ["x"], "b": ["y"]}) == {"a": "a", "x": "a", "b": "b", "y": "b"}
