"""Team-draft interleaving: fairness, the common beginning, twins, and what a vote says."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from src.services.evaluation.estimate import Shares, Vote, estimate
from src.services.evaluation.interleaving import Team, team_draft, weight_at

CONTROL = [f"c{i}" for i in range(10)]
TREATMENT = [f"t{i}" for i in range(10)]


def test_the_same_seed_gives_the_same_list_and_seeds_differ() -> None:
    assert team_draft(CONTROL, TREATMENT, 10, seed="x") == team_draft(CONTROL, TREATMENT, 10, seed="x")
    assert len({team_draft(CONTROL, TREATMENT, 10, seed=str(i)) for i in range(100)}) > 20


def test_both_rankings_place_as_many_entries_and_lead_equally_often() -> None:
    leads: Counter[Team] = Counter()
    for i in range(2000):
        entries = team_draft(CONTROL, TREATMENT, 10, seed=f"fair {i}")
        assert Counter(e.team for e in entries) == {Team.CONTROL: 5, Team.TREATMENT: 5}
        leads[entries[0].team] += 1
    assert 900 < leads[Team.TREATMENT] < 1100


def test_each_ranking_keeps_its_order() -> None:
    for i in range(50):
        entries = team_draft(CONTROL, TREATMENT, 10, seed=str(i))
        for prefix in "ct":
            assert [e.passage_id for e in entries if e.passage_id[0] == prefix] == [
                f"{prefix}{n}" for n in range(5)
            ]


def test_no_round_gives_one_ranking_two_entries_more() -> None:
    for i in range(200):
        ahead = 0
        for entry in team_draft(CONTROL, TREATMENT, 9, seed=str(i)):
            ahead += 1 if entry.team is Team.TREATMENT else -1
            assert abs(ahead) <= 1


def test_the_common_beginning_belongs_to_both_and_says_nothing() -> None:
    entries = team_draft(["a", "b", "c", "d"], ["a", "b", "d", "c"], 4, seed="s")
    assert [e.passage_id for e in entries[:2]] == ["a", "b"]
    assert {e.team for e in entries[:2]} == {Team.BOTH}
    assert [e.gain() for e in entries[:2]] == [0.0, 0.0]
    assert {e.team for e in entries[2:]} == {Team.CONTROL, Team.TREATMENT}


def test_equal_rankings_give_that_ranking_and_no_gain() -> None:
    entries = team_draft(CONTROL, list(CONTROL), 10, seed="s")
    assert [e.passage_id for e in entries] == CONTROL
    assert all(e.gain() == 0 and e.team is Team.BOTH for e in entries)


def test_a_gain_is_the_difference_of_the_discounts_whoever_placed_the_entry() -> None:
    entries = {e.passage_id: e for e in team_draft(["a", "b", "c"], ["c", "a", "b"], 3, seed="s")}
    assert entries["c"].gain() == pytest.approx(1.0 - 0.5)
    assert entries["a"].gain() == pytest.approx(0.63093 - 1.0, abs=1e-5)
    assert entries["c"].control_rank == 3
    assert entries["c"].treatment_rank == 1


def test_exchanging_the_rankings_turns_every_gain_round() -> None:
    one = {e.passage_id: e.gain() for e in team_draft(CONTROL[:6], CONTROL[3:9], 10, seed="s")}
    other = {e.passage_id: e.gain() for e in team_draft(CONTROL[3:9], CONTROL[:6], 10, seed="s")}
    assert one == {passage: -gain for passage, gain in other.items()}


def test_below_the_depth_a_rank_is_worth_nothing() -> None:
    long = [f"x{i}" for i in range(30)]
    entries = team_draft(long, ["x20", *long[:20]], 10, seed="s")
    assert next(e for e in entries if e.passage_id == "x20").gain() == 1.0


def test_twins_are_shown_once_and_share_their_ranks() -> None:
    twins = {"a1": "a", "a2": "a"}
    entries = team_draft(["a1", "a2", "b"], ["b", "a2"], 5, seed="s", twins=twins)
    shown = [e.passage_id for e in entries]
    assert len(shown) == 2
    assert shown[0][0] != shown[1][0]
    ranks = {e.passage_id[0]: (e.control_rank, e.treatment_rank) for e in entries}
    assert ranks == {"a": (1, 2), "b": (2, 1)}


@pytest.mark.parametrize(
    ("control", "treatment", "shown"),
    [([], [], set()), (["a"], [], {"a"}), ([], ["b"], {"b"}), (["a"], ["b", "c", "d"], {"a", "b", "c", "d"})],
)
def test_short_and_empty_rankings_are_used_up(
    control: list[str], treatment: list[str], shown: set[str]
) -> None:
    assert {e.passage_id for e in team_draft(control, treatment, 10, seed="s")} == shown


def test_a_vote_counts_by_how_seldom_readers_look_where_it_was_given() -> None:
    assert [weight_at(place) for place in (None, 1, 4, 9)] == [1.0, 1.0, 2.0, 3.0]
    assert weight_at(10) == weight_at(50), "the weight of what stands low is limited"


def test_weights_undo_that_readers_seldom_look_far_down() -> None:
    """A treatment that moves right passages up from the bottom, and at the top moves fewer down."""
    rng = np.random.default_rng(0)
    up, down = (["a", *"bcdefgh", "x"], ["a", *"bc", "x", *"defgh"]), (["x", *"abc"], ["a", "x", *"bc"])
    votes: list[Vote] = []
    changes: list[float] = []
    for turn in range(4000):
        control, treatment = up if turn % 5 < 3 else down
        entries = team_draft(control, treatment, 10, seed=str(turn))
        place, entry = next((n, each) for n, each in enumerate(entries, 1) if each.passage_id == "x")
        changes.append(entry.gain())
        if rng.random() < place**-0.5:
            votes.append(Vote(f"u{turn % 40}", f"q{turn}", entry.gain(), weight_at(place)))
    plain = estimate([Vote(vote.user, vote.question, vote.gain) for vote in votes], Shares(1, 1))
    weighed = estimate(votes, Shares(1, 1))
    truth = sum(changes) / len(changes)
    assert weighed.mean == pytest.approx(truth, abs=3 * weighed.error)
    assert abs(plain.mean - truth) > 5 * plain.error
