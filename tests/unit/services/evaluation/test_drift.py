"""Drift is found where it is, and seldom where it is not."""

from __future__ import annotations

import numpy as np
import pytest

from src.services.evaluation.drift import Vectors, energy_drift, novelty, stability


def directions(rng: np.random.Generator, rows: int, towards: int, *, spread: float = 1.0) -> Vectors:
    """Unit vectors of 32 dimensions about one axis."""
    raw = rng.normal(size=(rows, 32)) * spread
    raw[:, towards] += 3.0
    unit: Vectors = (raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype(np.float32)
    return unit


def test_questions_about_something_else_are_a_drift() -> None:
    rng = np.random.default_rng(1)
    drift = energy_drift(directions(rng, 60, 1), directions(rng, 120, 0))
    assert drift.p == 0.001
    assert drift.effect > 0.1
    assert (drift.recent, drift.reference) == (60, 120)


def test_a_third_of_new_questions_is_found() -> None:
    rng = np.random.default_rng(2)
    recent = np.concatenate([directions(rng, 130, 0), directions(rng, 70, 1)])
    assert energy_drift(recent, directions(rng, 200, 0)).p <= 0.001


def test_questions_that_all_become_one_known_question_are_a_drift_without_any_novelty() -> None:
    rng = np.random.default_rng(3)
    reference = np.concatenate([directions(rng, 100, 0), directions(rng, 100, 1)])
    narrow = directions(rng, 100, 0, spread=0.3)
    assert energy_drift(narrow, reference).p <= 0.001
    assert novelty(narrow, reference) < 1.0


def test_chance_is_called_drift_as_seldom_as_the_level_says() -> None:
    rng = np.random.default_rng(4)
    runs = [energy_drift(directions(rng, 50, 0), directions(rng, 60, 0), permutations=99) for _ in range(200)]
    assert 0 <= sum(run.p <= 0.05 for run in runs) <= 20
    assert max(run.effect for run in runs) < 0.02


def test_questions_far_from_all_before_are_new() -> None:
    rng = np.random.default_rng(5)
    reference = directions(rng, 100, 0)
    assert novelty(directions(rng, 50, 1), reference) > 1.3
    assert novelty(directions(rng, 50, 0), reference) == pytest.approx(1.0, abs=0.15)


def test_identical_vectors_are_no_drift_and_no_error() -> None:
    same = np.tile(np.eye(32, dtype=np.float32)[0], (50, 1))
    drift = energy_drift(same, same)
    assert (drift.effect, drift.p) == (0.0, 1.0)
    assert novelty(same, same) < 0.01


def test_scores_that_fall_are_a_shift() -> None:
    rng = np.random.default_rng(6)
    drift = stability(rng.normal(0.45, 0.1, 200), rng.normal(0.6, 0.1, 800))
    assert drift.effect > 0.25
    assert drift.p < 1e-6


def test_a_stability_index_of_small_samples_is_large_by_chance_and_its_p_says_so() -> None:
    rng = np.random.default_rng(7)
    runs = [stability(rng.normal(size=100), rng.normal(size=100)) for _ in range(1000)]
    assert np.mean([run.effect for run in runs]) > 0.1, "which custom calls some change"
    assert np.mean([run.p < 0.05 for run in runs]) == pytest.approx(0.05, abs=0.04)
    assert np.mean([run.p < 0.001 for run in runs]) < 0.006


def test_scores_that_are_all_alike_are_no_shift() -> None:
    assert stability(np.full(100, 0.5), np.full(200, 0.5)).p == 1.0
