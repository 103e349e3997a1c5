"""The closed forms against values from published tables."""

from __future__ import annotations

import pytest

from src.services.evaluation.normal import binomial_tail, chi_square_tail, normal_of_t


@pytest.mark.parametrize(
    ("statistic", "freedom", "probability"),
    [(3.841, 1, 0.05), (10.828, 1, 0.001), (5.991, 2, 0.05), (7.815, 3, 0.05), (18.307, 10, 0.05), (0, 4, 1)],
)
def test_chi_square_tails_agree_with_the_table(statistic: float, freedom: int, probability: float) -> None:
    assert chi_square_tail(statistic, freedom) == pytest.approx(probability, abs=2e-5)


@pytest.mark.parametrize(("t", "freedom"), [(2.132, 4), (1.833, 9), (1.699, 29), (1.660, 100)])
def test_the_five_percent_point_of_t_becomes_that_of_the_normal(t: float, freedom: int) -> None:
    assert normal_of_t(t, freedom) == pytest.approx(1.645, abs=0.01)
    assert normal_of_t(-t, freedom) == -normal_of_t(t, freedom)


def test_binomial_tails_are_exact() -> None:
    assert binomial_tail(8, 10, 0.5) == pytest.approx(56 / 1024)
    assert binomial_tail(0, 10, 0.5) == 1.0
    assert binomial_tail(11, 10, 0.5) == 0.0
    assert binomial_tail(10, 10, 0.1) == pytest.approx(1e-10)
