"""Rankings over passages that are cut in two ways: no place is shown twice, and each has its rank in both."""

from __future__ import annotations

from src.services.evaluation.interleaving import Team, team_draft

# Three large passages; the second treatment passage lies within A, the last one across B and C.
CONTROL = ["B", "A", "C"]
TREATMENT = ["x", "a1", "a2", "bc"]
MEETS = (("A", "a1"), ("A", "a2"), ("B", "bc"), ("C", "bc"))
SAME: dict[str, list[str]] = {}
for _one, _other in MEETS:
    SAME.setdefault(_one, []).append(_other)
    SAME.setdefault(_other, []).append(_one)
RANKS = {
    "A": (2, 2),
    "B": (1, 4),
    "C": (3, 4),
    "x": (None, 1),
    "a1": (2, 2),
    "a2": (2, 3),
    "bc": (1, 4),
}


def test_what_overlaps_is_never_shown_beside_another() -> None:
    for seed in range(200):
        shown = [entry.passage_id for entry in team_draft(CONTROL, TREATMENT, 10, seed=str(seed), same=SAME)]
        assert len(shown) == len(set(shown))
        assert not [(one, other) for one, other in MEETS if one in shown and other in shown]
        assert "x" in shown
        assert {"A", "a1"} & set(shown)
        assert {"B", "bc"} & set(shown)


def test_each_entry_has_the_rank_of_the_first_that_stands_there_in_the_other_ranking() -> None:
    seen = set()
    for seed in range(200):
        for entry in team_draft(CONTROL, TREATMENT, 10, seed=str(seed), same=SAME):
            assert (entry.control_rank, entry.treatment_rank) == RANKS[entry.passage_id]
            seen.add(entry.passage_id)
    assert seen >= {"A", "B", "C", "x", "a1", "a2"}


def test_rankings_that_begin_at_the_same_place_agree_there() -> None:
    entries = team_draft(["A", "C"], ["a1", "x"], 4, seed="s", same=SAME)
    assert (entries[0].passage_id, entries[0].team, entries[0].gain()) == ("A", Team.BOTH, 0.0)
    assert {entry.passage_id for entry in entries[1:]} == {"C", "x"}


def test_a_ranking_may_show_its_own_passages_that_overlap_one_another() -> None:
    entries = team_draft([], ["a1", "a2"], 4, seed="s", same=SAME)
    assert [entry.passage_id for entry in entries] == ["a1", "a2"]
