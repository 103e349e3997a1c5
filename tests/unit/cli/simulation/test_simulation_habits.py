"""How simulated readers vote."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from src.cli.simulation.habits import Habits, Vote, flood


def votes(habits: Habits, right: list[bool], count: int = 4000) -> list[Vote]:
    rng = np.random.default_rng(0)
    found = [habits.vote(right, rng) for _ in range(count)]
    return [vote for vote in found if vote is not None]


def test_a_right_entry_is_found_the_less_often_the_lower_it_stands() -> None:
    for place in range(10):
        right = [number == place for number in range(10)]
        ups = [vote for vote in votes(Habits(0.0), right) if vote.up]
        assert {vote.place for vote in ups} == {place}
        assert len(ups) / 4000 == pytest.approx((place + 1) ** -0.5, abs=0.03)


def test_who_sees_nothing_right_votes_the_first_entry_down() -> None:
    assert set(votes(Habits(0.0), [False] * 10)) == {Vote(0, up=False)}


def test_the_first_right_entry_that_is_seen_gets_the_vote() -> None:
    places = Counter(vote.place for vote in votes(Habits(0.0), [False, True, True]))
    assert places[1] / 4000 == pytest.approx(2**-0.5, abs=0.03)
    assert places[2] > places[0] > 0


def test_slips_turn_verdicts_around_in_their_share() -> None:
    wrong = [vote for vote in votes(Habits(0.1), [True] * 10) if not vote.up]
    assert len(wrong) / 4000 == pytest.approx(0.1, abs=0.015)


def test_a_liar_says_the_opposite_always() -> None:
    assert all(vote.up == (vote.place == 0) for vote in votes(Habits(0.5, liar=True), [False, True]))


def test_an_empty_list_gets_no_vote() -> None:
    assert votes(Habits(0.1), []) == []


def test_a_flood_contradicts_the_truth_on_every_entry() -> None:
    assert flood([True, False]) == [Vote(0, up=False), Vote(1, up=True)]
