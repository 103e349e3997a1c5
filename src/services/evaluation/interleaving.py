"""Team-draft interleaving of two rankings, and what a vote on an entry says about them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from .metrics import discount

PATIENCE = 0.5
"""Readers look at place r of a list with a chance in proportion to r ** -PATIENCE. Measured click logs lie
between 0.5 and 1; too small a value corrects too little, and errs towards no correction."""


class Team(StrEnum):
    """Which ranking placed an entry; ``BOTH`` where they agree from the top on, so neither earns credit."""

    CONTROL = "control"
    TREATMENT = "treatment"
    BOTH = "both"


@dataclass(frozen=True)
class Entry:
    """One entry of the list that is shown, with its rank (from 1) in each ranking, None where it has none."""

    passage_id: str
    team: Team
    control_rank: int | None
    treatment_rank: int | None

    def gain(self, depth: int = 10) -> float:
        """What an up-vote on this entry says: the discount of its rank in the treatment's own ranking less
        that in the control's, 0 below ``depth``. Positive where the treatment ranked the passage higher.

        Uses both ranks of every entry instead of counting whose entry was chosen, and so needs a fifth to a
        third of the votes that win counts need.
        """
        return discount(self.treatment_rank, depth) - discount(self.control_rank, depth)


def weight_at(place: int | None, depth: int = 10) -> float:
    """How much an up-vote counts by its place (from 1) in the list that was shown, 1 at the first: the
    inverse of the chance that readers look so far down (Joachims, Swaminathan and Schnabel, 2017). What
    stands low is voted on less often than it is right, most of all what only one of the two rankings found.
    None, for what was not shown in the list, counts as the first.

    With the right ``PATIENCE`` the weighted mean gain is the change of DCG for readers who read the whole
    list; without weights it is too small by a fifth to a third. Coins give both rankings' entries the same
    places, so that no weight favours one of them.
    """
    return 1.0 if place is None else float(min(place, depth) ** PATIENCE)


def team_draft(
    control: Sequence[str],
    treatment: Sequence[str],
    k: int,
    *,
    seed: str,
    twins: Mapping[str, str] | None = None,
    same: Mapping[str, Collection[str]] | None = None,
) -> tuple[Entry, ...]:
    """Interleave two rankings to at most ``k`` entries (Radlinski, Kurup and Joachims, 2008).

    In each round a fair coin says which ranking picks first; each then places its best passage that is not
    yet there. Where the rankings agree from the top on, those entries belong to both. ``seed`` decides every
    coin: the same seed gives the same list, so name in it the experiment, the reader and the question. The
    coins must not depend on anything the rankings can influence.

    ``twins`` maps ids of passages with the same text to one id that stands for them; only the first of
    them stays in each ranking, ranks are counted after folding, and the id that is shown is the one that
    the placing ranking had.

    ``same`` says of passages of rankings that cut documents in two ways which of the other's stand at the
    same place: each ranking keeps its own, none is shown beside one of the other's that it overlaps, and its
    rank in the other ranking is that of the first of those.
    """
    folded = twins or {}
    names: dict[Team, dict[str, str]] = {
        Team.CONTROL: _by_content(control, folded),
        Team.TREATMENT: _by_content(treatment, folded),
    }
    order = {team: list(passages) for team, passages in names.items()}
    ranks = {team: {key: r for r, key in enumerate(keys, start=1)} for team, keys in order.items()}
    meets = {team: _meetings(order[team], ranks[_OTHER[team]], same or {}) for team in order}
    picked: dict[str, Team] = {}
    covered: dict[Team, set[str]] = {team: set() for team in order}

    def pick(key: str, by: Team, placed_by: Team) -> None:
        picked[key] = placed_by
        covered[by].add(key)
        covered[_OTHER[by]].update(meets[by][key])

    agreed = _agreement(order[Team.CONTROL], order[Team.TREATMENT], meets[Team.CONTROL])
    for key in agreed[:k]:
        pick(key, Team.CONTROL, Team.BOTH)
    coins = int.from_bytes(sha256(seed.encode()).digest(), "big")
    turns: list[Team] = []
    while len(picked) < k and any(len(covered[team]) < len(order[team]) for team in order):
        if not turns:
            coins, coin = coins >> 1, coins & 1
            turns = [Team.CONTROL, Team.TREATMENT] if coin else [Team.TREATMENT, Team.CONTROL]
        team = turns.pop(0)
        left = next((key for key in order[team] if key not in covered[team]), None)
        if left is not None:
            pick(left, team, team)
    entries = []
    for key, team in picked.items():
        own: Team = Team.CONTROL if team is Team.BOTH else team
        found: dict[Team, int] = {own: ranks[own][key]}
        there = [ranks[_OTHER[own]][met] for met in meets[own][key]]
        if there:
            found[_OTHER[own]] = min(there)
        entries.append(Entry(names[own][key], team, found.get(Team.CONTROL), found.get(Team.TREATMENT)))
    return tuple(entries)


_OTHER = {Team.CONTROL: Team.TREATMENT, Team.TREATMENT: Team.CONTROL}


def _meetings(
    own: Sequence[str], other: Mapping[str, int], same: Mapping[str, Collection[str]]
) -> dict[str, list[str]]:
    """For each passage of a ranking those of the other that it is, or that stand at its place."""
    return {key: [met for met in dict.fromkeys((key, *same.get(key, ()))) if met in other] for key in own}


def _by_content(ranking: Sequence[str], twins: Mapping[str, str]) -> dict[str, str]:
    passages: dict[str, str] = {}
    for passage in ranking:
        passages.setdefault(twins.get(passage, passage), passage)
    return passages


def _agreement(one: Sequence[str], other: Sequence[str], meets: Mapping[str, Collection[str]]) -> list[str]:
    """The longest common beginning, as the one ranking has it."""
    together: list[str] = []
    for left, right in zip(one, other, strict=False):
        if right not in meets[left]:
            break
        together.append(left)
    return together
