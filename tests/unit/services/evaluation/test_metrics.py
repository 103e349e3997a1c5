"""Ranking metrics on examples worked out by hand."""

from __future__ import annotations

from math import log2

import numpy as np
import pytest

from src.services.evaluation.metrics import discount, evaluate, ndcg, recall, reciprocal_rank


def test_graded_ndcg_agrees_with_the_hand_calculation() -> None:
    labels = {"a": 3.0, "b": 2.0, "c": 1.0}
    gained = 2 / log2(2) + 3 / log2(4) + 1 / log2(5)
    ideal = 3 / log2(2) + 2 / log2(3) + 1 / log2(4)
    assert ndcg(["b", "x", "a", "c"], labels) == pytest.approx(gained / ideal)


def test_a_perfect_ranking_scores_one_even_with_more_relevant_than_k() -> None:
    labels = {str(i): 1.0 for i in range(20)}
    ranked = [str(i) for i in range(20)]
    assert ndcg(ranked, labels) == pytest.approx(1.0)
    assert recall(ranked, labels) == pytest.approx(0.5)


def test_what_stands_below_k_does_not_count() -> None:
    ranked = [*(f"x{i}" for i in range(10)), "a"]
    assert ndcg(ranked, {"a": 1.0}) == recall(ranked, {"a": 1.0}) == reciprocal_rank(ranked, {"a": 1.0}) == 0


def test_a_repeated_id_counts_at_its_first_place_only() -> None:
    labels = {"a": 1.0, "b": 1.0}
    assert ndcg(["a", "a", "b"], labels) == ndcg(["a", "b"], labels)
    assert recall(["a", "a"], labels) == 0.5


def test_grades_of_zero_and_below_are_not_relevant() -> None:
    labels = {"a": 0.0, "b": -1.0, "c": 1.0}
    assert reciprocal_rank(["a", "b", "c"], labels) == pytest.approx(1 / 3)
    assert ndcg(["a", "b", "c"], labels) == pytest.approx(0.5)


def test_a_query_without_an_answer_is_left_out_and_an_unanswered_one_scores_zero() -> None:
    scores = evaluate({"q1": ["a"], "q3": ["a"]}, {"q1": {"a": 1}, "q2": {"b": 1}, "q3": {"a": 0}})
    assert scores.queries == ("q1", "q2")
    assert np.array_equal(scores.ndcg, [1.0, 0.0])
    assert scores.means() == {"ndcg@10": 0.5, "recall@10": 0.5, "mrr@10": 0.5}
    assert scores.only({"q2"}).means()["ndcg@10"] == 0.0


def test_the_discount_ends_at_its_depth() -> None:
    assert discount(1) == 1.0
    assert discount(10) > 0
    assert discount(11) == discount(None) == 0.0
