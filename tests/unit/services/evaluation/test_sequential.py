"""The decision rule: what it decides, when, and how often it is wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf

import numpy as np
import pytest

from src.services.evaluation.boundaries import crossing
from src.services.evaluation.estimate import Vote, estimate
from src.services.evaluation.sequential import Decision, DecisionRule


@dataclass(frozen=True)
class Seen:
    """Evidence with chosen numbers."""

    counted: float = 100
    informative: int = 50
    mean: float = 0.03
    error: float = 0.009375
    z: float = 3.2
    agreement: float = inf
    jackknife: float = inf
    note: str = ""


RULE = DecisionRule()


def decide(gains: np.ndarray[tuple[int], np.dtype[np.float64]], rule: DecisionRule = RULE) -> Decision:
    """Feed one vote after the other, by forty readers, until the rule is done."""
    votes, looks = [], 0
    for i, gain in enumerate(gains):
        votes.append(Vote(f"u{i * 7 % 40}", f"q{i}", float(gain)))
        if len(votes) >= rule.looks[looks]:
            verdict = rule.judge(estimate(votes), looks)
            looks = verdict.looks_done
            if verdict.final:
                return verdict.decision
    return Decision.WAIT


def rates(mean: float, trials: int, *, votes: int = 1000, deviation: float = 0.2) -> dict[Decision, float]:
    rng = np.random.default_rng(int(1000 * mean) + 1000)
    made = [decide(rng.normal(mean, deviation, size=votes)) for _ in range(trials)]
    return {decision: made.count(decision) / trials for decision in Decision}


def test_equal_candidates_are_promoted_and_rejected_as_rarely_as_the_level_says() -> None:
    found = rates(0.0, 300)
    assert found[Decision.PROMOTE] <= 0.065
    assert found[Decision.REJECT] <= 0.065
    assert found[Decision.UNDECIDED] >= 0.88


def chain(gains: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Decision:
    """Equal candidates in a row: each is taken over at the first look that lets it be."""
    rule: DecisionRule | None = RULE
    while rule is not None and gains.size:
        votes: list[Vote] = []
        looks, following = 0, None
        for i, gain in enumerate(gains):
            votes.append(Vote(f"u{i * 7 % 40}", f"q{i}", float(gain)))
            if len(votes) < rule.looks[looks]:
                continue
            verdict = rule.judge(estimate(votes), looks)
            looks, following = verdict.looks_done, rule.after(verdict.looks_done)
            if verdict.final:
                return verdict.decision
            if following is not None:
                break
        gains, rule = gains[len(votes) :], following
    return Decision.WAIT


def test_a_rule_that_takes_over_has_what_the_looks_left() -> None:
    once = RULE.after(1)
    assert once is not None
    assert once.level == pytest.approx(0.035 - RULE.spending[0])
    assert all(critical > usual for critical, usual in zip(once.critical, RULE.critical, strict=True))
    assert RULE.after(0) == RULE
    assert RULE.after(3) is None, "too little would be left"


def test_however_many_take_over_their_levels_add_up_to_one() -> None:
    rule: DecisionRule | None = RULE
    spent, takeovers = 0.0, 0
    while rule is not None:
        following = rule.after(1)
        spent += rule.spending[0] if following is not None else rule.level
        takeovers += following is not None
        rule = following
    assert spent == pytest.approx(RULE.level)
    assert takeovers == 18


def test_equal_candidates_that_take_each_others_place_are_promoted_as_rarely_as_one() -> None:
    rng = np.random.default_rng(3)
    made = [chain(rng.normal(0.0, 0.2, size=3000)) for _ in range(200)]
    assert Decision.WAIT not in made
    assert made.count(Decision.PROMOTE) / len(made) <= 0.065


def test_a_worse_candidate_is_never_promoted_and_a_better_one_is_found() -> None:
    assert rates(-0.03, 100)[Decision.PROMOTE] == 0
    assert rates(0.05, 100, votes=500)[Decision.PROMOTE] >= 0.9


def test_the_power_that_is_shown_is_the_power_that_is_had() -> None:
    promised = RULE.power(0.03, 0.2)
    assert promised == pytest.approx(crossing([100, 250, 500, 1000], RULE.critical, 0.15))
    assert rates(0.03, 200)[Decision.PROMOTE] == pytest.approx(promised[-1], abs=0.08)


def test_between_two_looks_there_is_no_decision_however_clear_the_case() -> None:
    verdict = RULE.judge(Seen(counted=180, z=9.0), looks_done=1)
    assert verdict.decision is Decision.WAIT
    assert (verdict.looks_done, verdict.next_look, verdict.critical) == (1, 250, None)
    assert verdict.sentence == "Not enough data yet: 180 of 250 up-votes for the next look, 70 more needed."


def test_a_look_that_was_missed_is_made_at_the_level_of_the_one_reached() -> None:
    verdict = RULE.judge(Seen(counted=300, z=2.6))
    assert verdict.decision is Decision.PROMOTE
    assert verdict.looks_done == 2
    assert verdict.critical == pytest.approx(RULE.critical[1])


def test_a_worse_candidate_is_rejected_with_its_interval_below_zero() -> None:
    verdict = RULE.judge(Seen(z=-3.2, mean=-0.032))
    assert verdict.decision is Decision.REJECT
    assert verdict.upper < 0
    assert verdict.sentence.startswith("Worse: 100 up-votes give a mean gain of -0.032")


def test_a_promotion_names_its_evidence() -> None:
    verdict = RULE.judge(Seen())
    assert verdict.decision is Decision.PROMOTE
    assert verdict.sentence == (
        "Better: 100 up-votes give a mean gain of +0.030 (+0.002 to +0.058), more than chance explains "
        "(z 3.20, this look takes 3.02). An equal candidate passes in 3.5% of trials at most."
    )


def test_the_last_look_ends_the_trial() -> None:
    verdict = RULE.judge(Seen(counted=1000, z=1.0, mean=0.01), looks_done=3)
    assert verdict.decision is Decision.UNDECIDED
    assert verdict.final
    assert verdict.next_look is None
    assert "the control stays" in verdict.sentence


def test_a_decision_does_not_rest_on_a_handful_of_questions() -> None:
    verdict = RULE.judge(Seen(informative=8))
    assert (verdict.decision, verdict.next_look) == (Decision.WAIT, 250)
    assert "rests on 8 questions and a decision takes 20" in verdict.sentence
    assert RULE.judge(Seen(counted=1000, informative=8), 3).decision is Decision.UNDECIDED


def test_a_decision_does_not_rest_on_one_reader() -> None:
    for seen, said in ((Seen(agreement=1.25), "disagree too much"), (Seen(jackknife=1.2), "tips the scales")):
        verdict = RULE.judge(seen)
        assert verdict.decision is Decision.WAIT
        assert said in verdict.sentence


def test_a_flood_of_one_reader_neither_promotes_nor_rejects() -> None:
    rng = np.random.default_rng(3)
    for gain in (1.0, -1.0):
        votes = [Vote(f"u{i % 20}", f"q{i}", float(g)) for i, g in enumerate(rng.normal(0, 0.001, size=400))]
        votes += [Vote("loud", f"f{i}", gain) for i in range(3000)]
        for looks in range(4):
            assert RULE.judge(estimate(votes), looks).decision in {Decision.WAIT, Decision.UNDECIDED}


def test_an_interval_and_the_level_belong_to_the_same_decision() -> None:
    for z in (1.5, 2.9, 3.1, -3.1):
        verdict = RULE.judge(Seen(z=z, mean=z * Seen.error))
        decided = verdict.decision in {Decision.PROMOTE, Decision.REJECT}
        assert decided == (verdict.lower > 0 or verdict.upper < 0)


def test_an_a_a_trial_that_differs_is_called_broken_and_never_promoted() -> None:
    assert RULE.audit(Seen()).decision is Decision.BROKEN
    assert RULE.audit(Seen(z=-4.0, mean=-0.04)).decision is Decision.BROKEN
    assert RULE.audit(Seen(z=1.0)).decision is Decision.WAIT
    assert RULE.audit(replace(Seen(), counted=1000, z=0.2), 3).decision is Decision.UNDECIDED


def test_identical_rankers_are_undecided_to_the_end() -> None:
    assert decide(np.zeros(1000)) is Decision.UNDECIDED
