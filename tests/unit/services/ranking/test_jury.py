"""How far memory reaches is not decided by one reader."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from src.services.ranking.examples import Example
from src.services.ranking.jury import Jury
from src.services.ranking.training import REACHES, LadderSettings, fit_ranker

WRONG, RIGHT = np.array([1.0, 0.0]), np.array([0.0, 1.0])


def example(number: int, readers: dict[str, set[str]], **ups: float) -> Example:
    """A question about the passages ``a`` and ``b``."""
    vector = np.ones(2, np.float32)
    return Example(
        number, vector, ("a", "b"), np.arange(2), np.ones((2, 1)), WRONG, WRONG, ups, readers=readers
    )


def change(examples: list[Example]) -> tuple[float, float]:
    """What it is worth to put ``b`` above ``a``."""
    jury = Jury(examples)
    return jury.change([WRONG] * len(jury.voices), [RIGHT] * len(jury.voices))


def test_votes_of_nobody_known_count_once_each() -> None:
    mean, error = change([example(1, {}, b=1.0), example(2, {}, b=1.0), example(3, {}, a=1.0)])
    lost = 1 - 1 / np.log2(3)
    assert mean == pytest.approx(lost / 3)
    assert error > 0


def test_a_reader_counts_for_no_more_questions_than_the_median_reader_has() -> None:
    loud = [example(number, {"b": {"loud"}}, b=1.0) for number in range(300)]
    others = [example(300 + number, {"a": {f"r{number}"}}, a=1.0) for number in range(9)]
    mean, _ = change(loud + others)
    assert mean == pytest.approx(-0.8 * (1 - 1 / np.log2(3)))


def test_each_reader_judges_by_what_this_one_liked() -> None:
    both = {"a": {"one"}, "b": {"other"}}
    mean, _ = change([example(1, both, a=1.0, b=1.0)])
    assert mean == pytest.approx(0.0)
    mean, _ = change([example(1, {"a": {"one"}, "b": {"one"}}, a=1.0, b=1.0)])
    assert mean == pytest.approx(0.0)


def test_what_was_disliked_more_than_liked_has_no_voice() -> None:
    judged = replace(example(1, {"a": {"one"}, "b": {"other"}}, a=1.0, b=1.0), downs={"b": 3.0})
    assert [voice.liked for voice in Jury([judged]).voices] == [frozenset("a")]


def worded_alike(data, *, loud: bool) -> list[Example]:
    """Pairs of questions at a cosine of 0.7 that want the same. ``loud``: one reader likes them all, and
    beside them each of some others likes something else for each of two such questions."""
    rng, found = np.random.default_rng(5), []
    for one in data.examples:
        aside = rng.normal(size=one.vector.shape)
        aside -= (aside @ one.vector) * one.vector
        near = 0.701 * one.vector + np.sqrt(1 - 0.701**2) * aside / np.linalg.norm(aside)
        liked = next(iter(one.ups))
        twin = replace(one, group=1000 + one.group, vector=near.astype(np.float32))
        if loud and one.group % 8 == 0:
            other = next(key for key in one.keys if key != liked)
            found += [
                replace(one, readers={liked: {f"r{one.group}"}}),
                replace(twin, ups={other: 1.0}, readers={other: {f"s{one.group}"}}),
            ]
        else:
            names = {liked: {"loud" if loud else f"r{one.group % 10}"}}
            found += [replace(one, readers=names), replace(twin, readers=names)]
    return found


def test_what_several_readers_want_carries_memory_further_and_what_one_likes_over_and_over_does_not(
    planted,
) -> None:
    data = planted(120, signal=0.0)

    def chosen(examples: list[Example]) -> object:
        return fit_ranker(examples, data.passages, data.names).ranker.memory

    assert chosen(worded_alike(data, loud=False)) in REACHES
    loud = worded_alike(data, loud=True)
    assert chosen(loud) == LadderSettings().memory
    assert chosen([replace(one, readers={}) for one in loud]) in REACHES
