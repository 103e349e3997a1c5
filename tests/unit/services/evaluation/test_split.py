"""Evidence of an A/B comparison: readers count once, and equals are rarely told apart."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest

from src.services.evaluation.estimate import Shares
from src.services.evaluation.normal import normal_of_t
from src.services.evaluation.sequential import Decision, DecisionRule
from src.services.evaluation.split import Judgement, approval, contrast

RULE = DecisionRule(fewest=5, what="ratings", pieces="readers of an arm")


def said(arm: str, reader: str, *verdicts: bool) -> list[Judgement]:
    return [Judgement(reader, arm, f"{reader} {n}", up) for n, up in enumerate(verdicts)]


def crowd(seed: int, readers: int, ratings: int, gain: float, spread: float = 0.2) -> list[Judgement]:
    """Readers of different kindness and zeal, half of them with the treatment."""
    chance = np.random.default_rng(seed)
    kind = np.clip(chance.normal(0.6, spread, readers), 0.05, 0.95)
    arms = ["treatment" if number % 2 else "control" for number in range(readers)]
    who = chance.choice(readers, ratings, p=chance.dirichlet([1.0] * readers))
    rate = np.clip(kind + np.array([gain if arm == "treatment" else 0.0 for arm in arms]), 0, 1)
    liked = chance.random(ratings) < rate[who]
    return [Judgement(f"r{r}", arms[r], f"q{n}", bool(liked[n])) for n, r in enumerate(who)]


def test_each_reader_counts_once_however_much_they_rate() -> None:
    control = [*said("control", "a", *[True] * 50), *said("control", "b", False)]
    treatment = [*said("treatment", "c", True), *said("treatment", "d", True)]
    seen = contrast([*control, *treatment], Shares(reader=0.5))
    assert (seen.control, seen.treatment, seen.mean) == (0.5, 1.0, 0.5)
    assert (seen.control_units, seen.treatment_units, seen.ratings) == (2, 2, 53)
    assert seen.counted == pytest.approx(4 * 2 * 2 / 4), "b has one rating, and a no more than that weighs"


def test_it_is_welch_where_readers_differ_more_than_coins_would() -> None:
    votes = [
        *(one for n in range(8) for one in said("control", f"c{n}", *[n % 2 == 0] * 20)),
        *(one for n in range(8) for one in said("treatment", f"t{n}", *[n % 4 != 0] * 20)),
    ]
    seen = contrast(votes, Shares())
    parts = [np.var(shares, ddof=1) / 8 for shares in ([1, 0] * 4, [0, 1, 1, 1] * 2)]
    freedom = sum(parts) ** 2 / sum(part**2 / 7 for part in parts)
    assert (seen.mean, seen.error) == (0.25, pytest.approx(sqrt(sum(parts))))
    assert seen.z == pytest.approx(normal_of_t(0.25 / sqrt(sum(parts)), freedom))


def test_a_few_readers_who_all_agree_are_no_certainty() -> None:
    votes = [
        *(one for n in range(5) for one in said("control", f"c{n}", False)),
        *(one for n in range(5) for one in said("treatment", f"t{n}", True)),
    ]
    seen = contrast(votes, Shares())
    assert seen.error > 0
    assert 2 < seen.z < 5


@pytest.mark.parametrize("votes", [[], said("control", "a", True), said("treatment", "t", True, False)])
def test_one_side_alone_says_nothing(votes: list[Judgement]) -> None:
    seen = contrast(votes, Shares())
    assert (seen.counted, seen.error, seen.z, seen.informative) == (0.0, 0.0, 0.0, 0)


def test_why_nothing_counts_is_said() -> None:
    votes = [*said("control", "a", *[True] * 9), *said("treatment", "b", *[True] * 9)]
    assert contrast(votes, Shares(reader=0.2)).note == (
        " Nothing counts before 5 readers of each arm have rated; so far 1 and 1 have."
    )
    assert contrast([], Shares()).note == ""


def test_the_interval_of_an_arm_is_wide_where_readers_are_few() -> None:
    assert approval([]) is None
    few = approval(said("control", "a", True, True))
    many = approval([one for n in range(50) for one in said("control", f"c{n}", True)])
    assert few is not None
    assert many is not None
    assert (few[0], many[0]) == (1.0, 1.0)
    assert few[1] < 0.3
    assert 0.9 < many[1] < many[2] <= 1.0
    mixed = approval([*said("control", "a", True), *said("control", "b", False)])
    assert mixed is not None
    assert mixed[0] == pytest.approx(0.5)
    assert mixed[1] + mixed[2] == pytest.approx(1.0)


def decided(votes: list[Judgement], shares: Shares) -> Decision:
    """What the looks come to while the votes arrive."""
    done = 0
    for size in range(100, len(votes) + 1, 100):
        seen = contrast(votes[:size], shares)
        if seen.counted >= RULE.looks[done]:
            verdict = RULE.judge(seen, done)
            if verdict.final:
                return verdict.decision
            done = verdict.looks_done
    return Decision.WAIT


def test_equals_are_promoted_in_a_twentieth_of_comparisons_at_most() -> None:
    ends = [decided(crowd(seed, 40, 1400, gain=0.0), Shares()) for seed in range(150)]
    assert ends.count(Decision.PROMOTE) <= 13, "5 % and three standard deviations of 150 tries"
    assert ends.count(Decision.REJECT) <= 13


def test_a_much_better_way_is_found_by_forty_readers() -> None:
    ends = [decided(crowd(seed, 40, 1400, gain=0.3), Shares()) for seed in range(40)]
    assert ends.count(Decision.PROMOTE) >= 36
    assert Decision.REJECT not in ends
