"""The list that a search in an experiment shows: two rankings, interleaved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from src.database.repositories.searching import Candidate
from src.services.evaluation.assignment import fraction
from src.services.evaluation.interleaving import Entry, Team, team_draft

from .fusion import Placed
from .hits import Shown, folded


@dataclass(frozen=True)
class Interleaved:
    """What is shown, and whose it is: ``entries`` by passage id."""

    shown: list[Shown]
    entries: dict[str, Entry]


def interleave(
    control: Sequence[Placed],
    treatment: Sequence[Placed],
    found: Mapping[str, Candidate],
    k: int,
    seed: str,
) -> Interleaved:
    """Team-draft the two rankings, each folded by itself; a passage shows the scores of whoever placed it,
    and near-duplicates count as one passage."""
    mine, theirs = folded(control, found), folded(treatment, found)
    twins = {twin: item.passage_id for item, duplicates in mine for twin in duplicates}
    by_id: dict[str, Shown] = {}
    for item, duplicates in (*theirs, *mine):
        by_id[item.passage_id] = (item, duplicates)
    entries = team_draft(
        [item.passage_id for item, _ in mine],
        [item.passage_id for item, _ in theirs],
        k,
        seed=seed,
        twins=twins,
    )
    return Interleaved([by_id[entry.passage_id] for entry in entries], {e.passage_id: e for e in entries})


def first_to_rank(seed: str) -> tuple[Team, Team]:
    """The two sides in the order in which they rank, by a coin that has nothing to do with the draft's."""
    teams = (Team.CONTROL, Team.TREATMENT)
    return teams if fraction("ranks first", seed) < 0.5 else (Team.TREATMENT, Team.CONTROL)
