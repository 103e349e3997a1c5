"""Group-sequential boundaries against the textbook and against simulation."""

from __future__ import annotations

import numpy as np
import pytest

from src.services.evaluation.boundaries import boundaries, crossing


def test_pocock_s_constant_for_four_looks_spends_five_percent() -> None:
    assert crossing([1, 2, 3, 4], [2.067] * 4)[-1] == pytest.approx(0.05, abs=0.0003)


def test_o_brien_and_fleming_s_boundary_for_four_looks_spends_two_and_a_half_percent() -> None:
    final = 2.024
    assert crossing([1, 2, 3, 4], [final * (4 / k) ** 0.5 for k in (1, 2, 3, 4)])[-1] == pytest.approx(
        0.025, abs=0.0003
    )


def test_boundaries_spend_exactly_what_they_are_told() -> None:
    looks, spending = (100.0, 250.0, 500.0, 1000.0), (0.005, 0.015, 0.045, 0.05)
    assert crossing(looks, boundaries(looks, spending)) == pytest.approx(spending, abs=1e-4)


def test_one_look_is_the_plain_test() -> None:
    assert boundaries((100.0,), (0.05,))[0] == pytest.approx(1.645, abs=0.001)
    assert crossing([100], [1.645], drift=0.25)[0] == pytest.approx(0.804, abs=0.002)


def test_many_close_looks_stay_accurate() -> None:
    looks = tuple(float(n) for n in range(100, 1001, 50))
    spending = tuple(0.05 * n / 1000 for n in looks)
    assert crossing(looks, boundaries(looks, spending))[-1] == pytest.approx(0.05, abs=5e-4)


def test_simulated_paths_cross_as_often_as_computed() -> None:
    looks = (100.0, 250.0, 500.0, 1000.0)
    critical = boundaries(looks, (0.005, 0.015, 0.045, 0.05))
    rng = np.random.default_rng(5)
    for drift in (0.0, 0.12):
        steps = rng.normal(size=(40_000, 4)) * np.sqrt(np.diff([0.0, *looks]))
        z = np.cumsum(steps + drift * np.diff([0.0, *looks]), axis=1) / np.sqrt(looks)
        crossed = (np.maximum.accumulate(z - critical, axis=1) >= 0).mean(axis=0)
        assert crossed == pytest.approx(crossing(looks, critical, drift), abs=0.008)


@pytest.mark.parametrize(
    ("looks", "spending"),
    [
        ((), ()),
        ((2.0, 1.0), (0.01, 0.02)),
        ((1.0, 2.0), (0.02, 0.02)),
        ((1.0,), (1.0,)),
        ((1.0,), (0.1, 0.2)),
    ],
)
def test_a_schedule_that_does_not_rise_is_refused(
    looks: tuple[float, ...], spending: tuple[float, ...]
) -> None:
    with pytest.raises(ValueError, match="Looks"):
        boundaries(looks, spending)
