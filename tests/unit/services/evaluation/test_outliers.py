"""Votes that are held, and votes that are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from src.services.evaluation.outliers import DAY, HOUR, Ballot, Review

NOW = 100 * DAY


def ballots(
    user: str,
    n: int,
    *,
    start: float,
    every: float,
    up: float = 0.6,
    target: str | None = None,
    seed: int = 0,
) -> list[Ballot]:
    rng = np.random.default_rng([seed, *user.encode()])
    return [
        Ballot(
            f"{user}-{start:.0f}-{i}",
            user,
            target or f"{user}-{i}",
            bool(rng.random() < up),
            start + i * every,
        )
        for i in range(n)
    ]


def team(days: int = 20) -> list[Ballot]:
    """Eight readers who vote five times a day, in an hour of their own."""
    return [
        ballot
        for day in range(days)
        for reader in range(8)
        for ballot in ballots(
            f"r{reader}", 5, start=NOW - (days - day) * DAY + reader * HOUR, every=300, seed=day
        )
    ]


JOINED = {f"r{i}": 0.0 for i in range(8)} | {"mallory": 0.0}


def test_ordinary_voting_is_not_held() -> None:
    assert Review(team(), JOINED).held(NOW - 5 * DAY) == {}


def test_a_flood_of_one_reader_is_held_from_its_first_vote_with_a_reason() -> None:
    flood = ballots("mallory", 300, start=NOW, every=2)
    held = Review([*team(), *flood], JOINED).held(NOW - DAY)
    assert set(held) == {b.id for b in flood}
    assert "votes of this reader within an hour; usual are 5 and up to 40 pass" in held[flood[-1].id]


def test_a_known_reader_who_floods_loses_the_flood_only() -> None:
    flood = ballots("r0", 100, start=NOW, every=5)
    assert set(Review([*team(), *flood], JOINED).held(NOW - DAY)) == {b.id for b in flood}


def test_everybody_voting_fast_is_no_outlier_in_a_fresh_installation() -> None:
    crowd = [b for i in range(20) for b in ballots(f"s{i}", 100, start=NOW + i, every=20)]
    assert Review(crowd, {f"s{i}": NOW for i in range(20)}).held(NOW) == {}


def test_the_most_active_reader_of_a_fast_crowd_is_no_flood() -> None:
    sizes = [round(1300 * (i + 1) ** -0.8 / 6) for i in range(30)]
    crowd = [b for i, n in enumerate(sizes) for b in ballots(f"s{i}", n, start=NOW + i, every=3000 / n)]
    assert Review(crowd, {f"s{i}": NOW for i in range(30)}).held(NOW) == {}


def test_a_flood_stands_out_even_where_everybody_votes_fast() -> None:
    crowd = [b for i in range(20) for b in ballots(f"s{i}", 40, start=NOW + i, every=60)]
    flood = ballots("mallory", 1500, start=NOW, every=2)
    held = Review([*crowd, *flood], {"mallory": NOW}).held(NOW)
    assert {id_.split("-")[0] for id_ in held} == {"mallory"}
    assert len(held) == 1500


def test_a_single_reader_of_his_own_installation_is_not_held() -> None:
    assert Review(ballots("me", 500, start=NOW, every=5), {"me": 0.0}).held(NOW) == {}


def test_a_streak_of_down_votes_is_held_and_the_other_votes_pass() -> None:
    streak = ballots("mallory", 25, start=NOW, every=600, up=0.0)
    kind = replace(ballots("mallory", 1, start=NOW + DAY, every=1)[0], up=True)
    held = Review([*team(), *streak, kind], JOINED).held(NOW - DAY)
    assert set(held) == {b.id for b in streak}
    assert "25 of this reader's 26 votes are down" in held[streak[0].id]


def test_a_reader_who_always_voted_down_much_is_known_for_it() -> None:
    past = ballots("mallory", 60, start=NOW - 15 * DAY, every=5 * HOUR, up=0.05)
    again = ballots("mallory", 20, start=NOW, every=3 * HOUR, up=0.05)
    assert Review([*team(), *past, *again], JOINED).held(NOW) == {}


def test_a_liar_is_found_by_contradicting_what_others_agree_on() -> None:
    def judged(user: str, flip: bool, at: float) -> list[Ballot]:
        return [
            Ballot(f"{user}-{i}", user, f"t{i}", (i % 2 == 0) is not flip, at + i * HOUR) for i in range(30)
        ]

    votes = [b for i in range(6) for b in judged(f"r{i}", False, NOW - 5 * DAY)]
    liar = judged("mallory", True, NOW)
    held = Review([*votes, *liar], JOINED).held(NOW - 10 * DAY)
    assert set(held) == {b.id for b in liar}
    assert "contradicts the others in 30 of 30 verdicts" in held["mallory-0"]


def test_new_accounts_that_vote_alike_on_one_passage_are_held() -> None:
    puppets = [ballots(f"p{i}", 1, start=NOW + i, every=1, up=0.0, target="doc-1")[0] for i in range(6)]
    joined = JOINED | {f"p{i}": NOW - HOUR for i in range(6)}
    held = Review([*team(), *puppets], joined).held(NOW - DAY)
    assert set(held) == {b.id for b in puppets}
    assert held[puppets[0].id] == "6 new accounts voted alike on the same object (doc-1)"


def test_a_wave_of_new_accounts_is_held_and_a_few_new_colleagues_are_not() -> None:
    def arrivals(n: int) -> set[str]:
        fresh = [b for i in range(n) for b in ballots(f"n{i}", 3, start=NOW + i, every=HOUR)]
        joined = JOINED | {f"n{i}": NOW - HOUR for i in range(n)}
        return set(Review([*team(), *fresh], joined).held(NOW - DAY))

    assert arrivals(6) == set()
    assert len(arrivals(20)) == 60


def test_only_votes_since_the_given_time_are_judged() -> None:
    flood = ballots("mallory", 300, start=NOW - 3 * DAY, every=2)
    assert Review([*team(), *flood], JOINED).held(NOW - DAY) == {}


def test_readers_of_an_arm_that_is_disliked_are_compared_with_each_other() -> None:
    disliked = [
        replace(ballot, group="treatment")
        for number in range(4)
        for ballot in ballots(f"t{number}", 20, start=NOW - HOUR, every=60.0, up=0.0)
    ]
    liked = [
        replace(ballot, group="control")
        for number in range(4)
        for ballot in ballots(f"c{number}", 20, start=NOW - HOUR, every=60.0, up=1.0)
    ]
    joined = {ballot.user: 0.0 for ballot in (*liked, *disliked)}
    assert Review([*liked, *disliked], joined).held(NOW - DAY) == {}
    mixed = [replace(ballot, group="") for ballot in (*liked, *disliked)]
    assert Review(mixed, joined).held(NOW - DAY) != {}, "without arms each of them looks like a vandal"
