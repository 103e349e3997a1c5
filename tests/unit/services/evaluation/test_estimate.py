"""Estimates from votes: independence, shares, and readers who want to decide alone."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest

from src.services.evaluation.estimate import Shares, Vote, estimate


def honest(n: int, *, mean: float = 0.0, readers: int = 30, seed: int = 0, spread: float = 0.2) -> list[Vote]:
    """Votes of many readers, each on a question of its own."""
    rng = np.random.default_rng(seed)
    return [
        Vote(f"u{rng.integers(readers)}", f"q{i}", float(gain))
        for i, gain in enumerate(rng.normal(mean, spread, size=n))
    ]


def flood(n: int, gain: float, *, reader: str = "loud", question: str | None = None) -> list[Vote]:
    return [Vote(reader, question or f"flood {i}", gain) for i in range(n)]


def test_z_is_standard_normal_where_there_is_no_difference() -> None:
    zs = np.array([estimate(honest(200, seed=seed)).z for seed in range(400)])
    assert zs.mean() == pytest.approx(0, abs=0.15)
    assert zs.std() == pytest.approx(1, abs=0.1)
    assert 0.02 <= (zs > 1.645).mean() <= 0.085


def test_repeating_a_vote_adds_no_evidence() -> None:
    votes = honest(200, mean=0.05)
    once, often = estimate(votes), estimate([*votes, *votes[:20] * 50])
    assert often.votes == 1200
    assert (often.units, often.z, often.mean) == (once.units, once.z, once.mean)


def test_a_vote_weighs_by_its_weight_beside_the_others_and_counts_as_one() -> None:
    light, heavy = honest(50, mean=0.1, spread=0.0), honest(50, mean=-0.1, spread=0.0, seed=1)
    votes = [*light, *(Vote(vote.user, f"low {vote.question}", vote.gain, weight=3.0) for vote in heavy)]
    found = estimate(votes, Shares(1, 1))
    assert found.mean == pytest.approx((0.1 - 3 * 0.1) / 4)
    assert (found.counted, found.units) == (100, 100)
    scaled = [Vote(vote.user, vote.question, vote.gain, 7 * vote.weight) for vote in votes]
    assert estimate(scaled, Shares(1, 1)).z == pytest.approx(found.z)


def test_a_heavy_weight_does_not_exceed_the_share_of_a_reader() -> None:
    found = estimate([*honest(200), *(Vote("low", f"low {i}", 0.5, weight=3.0) for i in range(50))])
    assert found.mean == pytest.approx(0.2 * 0.5, abs=0.03)
    assert found.agreement < 1.28


def test_votes_of_one_reader_on_one_question_are_averaged() -> None:
    base = honest(100)
    assert estimate([*base, Vote("u0", "x", 1.0), Vote("u0", "x", -1.0)]).mean == pytest.approx(
        estimate([*base, Vote("u0", "x", 0.0)]).mean
    )


def test_no_reader_has_more_than_the_share() -> None:
    found = estimate([*honest(200), *flood(1000, 0.0)])
    assert found.counted == pytest.approx(250, rel=0.001)
    assert found.units == 1200


def test_no_question_has_more_than_the_share() -> None:
    popular = [Vote(f"u{i}", "how do I log in?", 0.5) for i in range(300)]
    found = estimate([*honest(180), *popular])
    assert found.counted == pytest.approx(200, rel=0.001)
    assert found.mean == pytest.approx(0.05, abs=0.02)


def test_a_flood_of_one_reader_alone_never_agrees_enough_for_a_decision() -> None:
    for gain in (0.37, 1.0, -1.0):
        for size in (50, 500, 5000):
            found = estimate([*honest(300, spread=1e-6), *flood(size, gain)])
            assert found.agreement < 1.28


def test_without_the_one_who_tips_the_scales_what_is_left_is_weak() -> None:
    open_case = honest(400, mean=0.008, seed=5)
    tipped = estimate([*open_case, *flood(400, 0.4)])
    assert tipped.z > 2
    assert tipped.jackknife == pytest.approx(estimate(open_case).z, abs=0.05)
    assert estimate(honest(400, mean=0.05)).jackknife > 3


def test_the_jackknife_is_the_least_z_over_the_readers_left_out_in_turn() -> None:
    votes = honest(120, mean=0.05, readers=8)
    turns = [estimate([v for v in votes if v.user != f"u{u}"], Shares(1, 1)).z for u in range(8)]
    assert estimate(votes, Shares(1, 1)).jackknife == pytest.approx(min(turns), abs=0.05)


def test_one_question_alone_never_agrees_enough_for_a_decision() -> None:
    crowd = [Vote(f"u{i % 60}", "the question", 1.0) for i in range(60)]
    assert estimate([*honest(300, spread=1e-6, readers=60), *crowd]).agreement < 1.28


def test_too_few_readers_count_for_nothing_and_the_note_says_so() -> None:
    found = estimate([Vote(f"u{i % 3}", f"q{i}", 0.3) for i in range(300)])
    assert (found.counted, found.z, found.mean) == (0.0, 0.0, 0.0)
    assert "before 5 readers have voted on 10 questions" in found.note
    assert "there are 3 readers" in found.note


def test_an_installation_with_one_reader_is_allowed_to_learn_from_him() -> None:
    found = estimate(honest(200, mean=0.1, readers=1), Shares.for_readers(1))
    assert found.counted == 200
    assert found.z > 3
    assert found.agreement > 3


@pytest.mark.parametrize(
    ("accounts", "share"), [(0, 1.0), (1, 1.0), (2, 1.0), (4, 0.5), (10, 0.2), (500, 0.2)]
)
def test_the_share_of_a_reader_fits_the_size_of_the_team(accounts: int, share: float) -> None:
    assert Shares.for_readers(accounts).reader == pytest.approx(share)


def test_no_votes_and_votes_without_difference_say_nothing() -> None:
    assert estimate([]).note == ""
    assert (estimate([]).z, estimate([]).counted, estimate([]).agreement) == (0.0, 0.0, inf)
    same = estimate(honest(300, spread=0.0))
    assert (same.z, same.error, same.informative) == (0.0, 0.0, 0)


@pytest.mark.parametrize("gain", [-1.0, 0.3])
def test_identical_gains_of_many_are_evidence_by_their_number(gain: float) -> None:
    few, many = (estimate(honest(n, mean=gain, spread=0.0)) for n in (20, 100))
    assert abs(few.z) < abs(many.z)
    assert many.z * gain > 0
    assert min(abs(many.z), many.agreement, many.jackknife) > 3


def test_the_order_of_votes_does_not_matter() -> None:
    votes = [*honest(200, mean=0.05), *flood(200, 0.3)]
    shuffled = list(votes)
    np.random.default_rng(1).shuffle(shuffled)  # type: ignore[arg-type]
    assert estimate(shuffled).z == pytest.approx(estimate(votes).z)
