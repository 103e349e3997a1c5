"""Guardrails: they stop what is worse, at any time, and leave alone what is not."""

from __future__ import annotations

import numpy as np
import pytest

from src.services.evaluation.guardrails import (
    GUARDRAILS,
    Guardrail,
    Rate,
    check,
    lags,
    slow_limit,
    stalled,
)

ERRORS = Guardrail("errors")
SLOW = GUARDRAILS[0]


def stopped_after(control: float, treatment: float, seed: int, requests: int = 3000) -> int | None:
    """Check after every request of either arm."""
    rng = np.random.default_rng(seed)
    arms, fails = rng.random(requests) < 0.5, rng.random(requests)
    counts = {False: [0, 0], True: [0, 0]}
    for n, (treated, luck) in enumerate(zip(arms.tolist(), fails.tolist(), strict=True), start=1):
        counts[treated][1] += 1
        if luck < (treatment if treated else control):
            counts[treated][0] += 1
            if check(ERRORS, Rate(*counts[False]), Rate(*counts[True]), 0.5).stop:
                return n
    return None


def test_an_equal_arm_is_not_stopped_though_it_is_checked_after_every_request() -> None:
    assert sum(stopped_after(0.1, 0.1, seed) is not None for seed in range(200)) <= 2


def test_an_arm_at_the_tolerated_rate_is_stopped_in_one_percent_at_most() -> None:
    assert sum(stopped_after(0.1, 0.125, seed) is not None for seed in range(300)) <= 6


def test_an_arm_that_fails_three_times_as_often_is_stopped_soon() -> None:
    found = [stopped_after(0.1, 0.3, seed) for seed in range(50)]
    assert all(n is not None for n in found)
    assert np.median([n for n in found if n]) < 400


def test_failing_where_the_control_never_does_is_a_breach() -> None:
    assert check(ERRORS, Rate(0, 100), Rate(20, 100)).stop
    assert (
        "errors 20.0% (20 of 100) against 0.0% (0 of 100)"
        in check(ERRORS, Rate(0, 100), Rate(20, 100)).sentence
    )


def test_a_few_events_are_too_early_to_tell() -> None:
    found = check(ERRORS, Rate(0, 10), Rate(10, 10))
    assert not found.stop
    assert found.sentence.startswith("Too early to tell")


def test_a_better_arm_is_no_breach_however_different() -> None:
    found = check(ERRORS, Rate(300, 1000), Rate(3, 1000))
    assert (found.stop, found.evidence) == (False, 1.0)


def test_a_small_treatment_share_is_taken_into_account() -> None:
    assert not check(ERRORS, Rate(90, 900), Rate(10, 100)).stop
    assert check(ERRORS, Rate(90, 900), Rate(40, 100)).stop


def test_no_requests_are_within_bounds() -> None:
    assert not any(check(guardrail, Rate(0, 0), Rate(0, 0)).stop for guardrail in GUARDRAILS)


def test_huge_counts_do_not_overflow() -> None:
    assert check(ERRORS, Rate(1_000, 10**6), Rate(900_000, 10**6)).stop


def test_slow_is_what_was_rare_before() -> None:
    assert slow_limit([float(n) for n in range(1, 101)]) == 95.0
    with pytest.raises(ValueError, match="At least 20"):
        slow_limit([1.0] * 19)


def test_a_rate_that_is_tolerated_in_itself_is_no_breach() -> None:
    assert not check(SLOW, Rate(0, 1000), Rate(40, 1000)).stop
    assert check(SLOW, Rate(0, 1000), Rate(60, 1000)).stop


def test_what_both_arms_bear_pauses_and_blames_neither() -> None:
    found = check(Guardrail("errors", shared=True), Rate(0, 100), Rate(40, 100))
    assert (found.stop, found.shared) == (True, True)
    assert found.sentence.startswith("Paused: errors 40.0% (40 of 100) against 0.0% (0 of 100) before;")
    assert "nobody can tell whether one is the cause" in found.sentence


@pytest.mark.parametrize(
    ("path_ms", "other_ms", "usual_ms", "noticed"),
    [
        (250.0, 100.0, 100.0, True),
        (190.0, 100.0, 100.0, False),
        (900.0, 820.0, 900.0, False),
        (90.0, 10.0, 10.0, False),
        # Ten times as slow as usual, both: the 300 ms more are 30 on a machine that is not busy.
        (900.0, 600.0, 60.0, False),
        (250.0, 100.0, None, True),
    ],
)
def test_a_way_is_longer_where_a_reader_would_notice(
    path_ms: float, other_ms: float, usual_ms: float | None, noticed: bool
) -> None:
    assert lags(path_ms, other_ms, usual_ms) is noticed


def blamed(extra_ms: float, load: float, stalls: float, seed: int, searches: int = 400) -> bool:
    """Whether a treatment that takes ``extra_ms`` longer than the control's 30 ms is stopped, on a machine
    that is ``load`` times as slow as before and stalls for a quarter of a second in a share ``stalls`` of
    each 10 ms of work."""
    rng = np.random.default_rng(seed)

    def way(work_ms: float) -> float:
        return load * work_ms + 250.0 * rng.binomial(max(1, round(work_ms / 10)), stalls)

    control = treatment = 0
    for n in range(1, searches + 1):
        mine, more = way(30.0), way(extra_ms) if extra_ms else 0.0
        control += stalled(mine, 30.0) or lags(mine, mine + more, 30.0)
        treatment += lags(mine + more, mine, 30.0)
        if n % 10 == 0 and check(SLOW, Rate(control, n), Rate(treatment, n)).stop:
            return True
    return False


@pytest.mark.parametrize(("load", "stalls"), [(1.0, 0.0), (20.0, 0.0), (1.0, 0.08), (5.0, 0.15)])
def test_a_busy_machine_is_not_the_model(load: float, stalls: float) -> None:
    assert sum(blamed(15.0, load, stalls, seed) for seed in range(60)) <= 1


@pytest.mark.parametrize(("load", "stalls"), [(1.0, 0.0), (1.0, 0.04), (2.0, 0.0)])
def test_a_model_that_readers_wait_for_is_found(load: float, stalls: float) -> None:
    assert all(blamed(200.0, load, stalls, seed) for seed in range(20))
