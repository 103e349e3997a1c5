"""The paired bootstrap: coverage, pairing and repeatability."""

from __future__ import annotations

import numpy as np
import pytest

from src.services.evaluation.bootstrap import bootstrap_means, paired_bootstrap


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    inside, above = 0, 0
    for trial in range(300):
        control = rng.uniform(size=120)
        treatment = control + rng.normal(0.03, 0.2, size=120)
        found = paired_bootstrap(treatment, control, seed=trial, resamples=500)
        inside += found.lower <= 0.03 <= found.upper
        above += found.at_least > 0.03
    assert 0.91 <= inside / 300 <= 0.985
    assert 0.02 <= above / 300 <= 0.09


def test_the_same_seed_gives_the_same_interval_and_another_seed_nearly_so() -> None:
    rng = np.random.default_rng(2)
    control, treatment = rng.uniform(size=(2, 400))
    one, again, other = (paired_bootstrap(treatment, control, seed=seed) for seed in (7, 7, 8))
    assert one == again
    assert one.lower != other.lower
    assert one.lower == pytest.approx(other.lower, abs=0.005)


def test_pairing_finds_a_small_steady_gain_among_very_different_queries() -> None:
    control = np.random.default_rng(3).uniform(size=200)
    found = paired_bootstrap(control + 0.01, control)
    assert found.at_least == pytest.approx(0.01)
    assert (found.wins, found.losses) == (200, 0)


def test_large_columns_are_resampled_in_pieces_with_the_same_result_shape() -> None:
    values = np.random.default_rng(4).normal(size=50_000)
    means = bootstrap_means(values, resamples=100)
    assert means.shape == (100,)
    assert means.std() == pytest.approx(1 / np.sqrt(50_000), rel=0.3)


def test_columns_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="equally long"):
        paired_bootstrap(np.zeros(3), np.zeros(4))
    with pytest.raises(ValueError, match="equally long"):
        paired_bootstrap(np.zeros(0), np.zeros(0))


def test_the_sentence_names_gain_interval_and_counts() -> None:
    said = paired_bootstrap(np.array([0.5, 1.0, 0.0]), np.array([0.0, 1.0, 0.5])).sentence("nDCG@10")
    assert said.startswith("nDCG@10 +0.000 on 3 questions (95% interval")
    assert "better on 1, worse on 1" in said
