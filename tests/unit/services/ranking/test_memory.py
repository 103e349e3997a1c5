"""Memory of answered questions."""

from __future__ import annotations

import numpy as np
import pytest

from src.services.ranking.memory import (
    MOST_PER_PASSAGE,
    MOST_SUGGESTED,
    MemorySettings,
    QueryMemory,
    Remembered,
)

SLOPED = MemorySettings(sloped=True)
EAST = np.array([1.0, 0.0], np.float32)
NORTH = np.array([0.0, 1.0], np.float32)


def at(degrees: float) -> np.ndarray:
    angle = np.radians(degrees)
    return np.array([np.cos(angle), np.sin(angle)], np.float32)


def close(degrees: float) -> float:
    """How close two questions at this angle are where those from 0.8 on are compared."""
    return ((float(np.cos(np.radians(degrees))) - 0.8) / 0.2) ** 3


def test_the_same_question_is_closest_and_one_just_near_enough_hardly_speaks() -> None:
    cosines = np.array([0.5, 0.8, 0.9, 1.0])
    assert SLOPED.nearness(cosines) == pytest.approx([0.0, 0.0, 0.125, 1.0])


def test_by_default_a_question_speaks_by_its_cosine_from_the_threshold_on() -> None:
    assert MemorySettings().nearness(np.array([0.79, 0.8, 0.9, 1.0])) == pytest.approx([0.0, 0.8, 0.9, 1.0])


def test_a_near_question_speaks_for_what_helped_and_a_far_one_does_not() -> None:
    memory = QueryMemory([Remembered("q1", EAST, "a", 1.0), Remembered("q2", NORTH, "b", 1.0)])
    recall = memory.recall(at(20), ["a", "b", "c"], SLOPED)
    assert recall.helped == pytest.approx([close(20), 0.0, 0.0], abs=1e-6)
    assert recall.helped_by.tolist() == [0, -1, -1]
    assert not recall.harmed.any()


def test_the_nearest_of_several_questions_counts_and_they_do_not_add_up() -> None:
    memory = QueryMemory([Remembered("q1", at(30), "a", 1.0), Remembered("q2", at(10), "a", 1.0)])
    recall = memory.recall(EAST, ["a"], SLOPED)
    assert recall.helped == pytest.approx([close(10)], abs=1e-6)
    assert memory.entries[recall.helped_by[0]].question_id == "q2"


def test_a_down_vote_speaks_against() -> None:
    memory = QueryMemory([Remembered("q1", EAST, "a", -0.5)])
    recall = memory.recall(EAST, ["a"], SLOPED)
    assert recall.harmed == pytest.approx([0.5])
    assert not recall.helped.any()


def test_a_memory_fades_by_half_in_its_half_life() -> None:
    memory = QueryMemory([Remembered("q1", EAST, "a", 1.0, age_days=30)], half_life_days=30)
    assert memory.recall(EAST, ["a"], SLOPED).helped == pytest.approx([0.5])


def test_a_question_can_be_asked_without_its_own_votes() -> None:
    memory = QueryMemory([Remembered("q1", EAST, "a", 1.0), Remembered("q2", at(5), "a", 1.0)])
    recall = memory.recall(EAST, ["a"], SLOPED, but=("q1",))
    assert recall.helped == pytest.approx([close(5)], abs=1e-6)


def test_a_memory_without_a_question_is_as_if_it_had_never_been_voted_on() -> None:
    memory = QueryMemory([Remembered("q1", EAST, "a", 1.0), Remembered("q2", NORTH, "b", 1.0)])
    rest = memory.without("q1")
    assert not rest.concerns(EAST, 0.8)
    assert rest.recall(NORTH, ["a", "b"], SLOPED).helped == pytest.approx([0.0, 1.0])
    assert memory.without("q3") is memory


def test_taking_a_vote_back_takes_back_what_it_did() -> None:
    entries = [Remembered("q1", EAST, "a", 1.0), Remembered("q2", EAST, "b", 1.0)]
    found = QueryMemory(entries[1:]).recall(EAST, ["a", "b"], SLOPED)
    assert found.helped == pytest.approx([0.0, 1.0])


def test_an_empty_memory_and_an_empty_pool_say_nothing() -> None:
    assert not QueryMemory().recall(EAST, ["a"], SLOPED).helped.any()
    memory = QueryMemory([Remembered("q1", EAST, "a", 1.0), Remembered("q1", EAST, "b", 0.0)])
    assert len(memory) == 1
    assert memory.recall(EAST, [], SLOPED).helped.shape == (0,)


def test_a_flood_of_votes_on_one_passage_keeps_the_work_bounded() -> None:
    flood = [Remembered(f"q{n}", at(n % 90), "a", 1.0 if n == 7 else 0.5) for n in range(5000)]
    memory = QueryMemory(flood)
    assert memory.recall(at(7), ["a"], SLOPED).helped == pytest.approx([1.0])
    assert len(memory._places["a"]) == MOST_PER_PASSAGE


def test_a_weight_beyond_one_counts_as_one() -> None:
    memory = QueryMemory([Remembered("q1", EAST, "a", 500.0)])
    assert memory.recall(EAST, ["a"], SLOPED).helped == pytest.approx([1.0])


def test_of_many_passages_those_of_the_nearest_questions_are_suggested() -> None:
    angles = np.linspace(0, 30, 2 * MOST_SUGGESTED)
    memory = QueryMemory([Remembered(f"q{n}", at(angle), f"p{n}", 1.0) for n, angle in enumerate(angles)])
    assert memory.near(EAST, 0.8) == {f"p{n}" for n in range(MOST_SUGGESTED)}
